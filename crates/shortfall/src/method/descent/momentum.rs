//! Momentum.

use super::Descent;

/// Heavy ball (Polyak 1964): `v+ = m v + h`, `x+ = x - eta v+`, with `v_0 = 0`.
pub struct HeavyBall {
    /// m, from 0 up to but not 1.
    pub momentum: f64,
}

impl Descent for HeavyBall {
    fn memory(&self, d: usize) -> usize {
        d
    }

    fn step(&self, _: u64, eta: f64, h: &[f64], x: &mut [f64], memory: &mut [f64]) {
        for ((x, v), h) in x.iter_mut().zip(memory).zip(h) {
            *v = self.momentum.mul_add(*v, *h);
            *x = (-eta).mul_add(*v, *x);
        }
    }
}

/// Nesterov's momentum in the form deep learning uses (Sutskever et al. 2013): `v+ = m v + h`,
/// `x+ = x - eta (h + m v+)`, with `v_0 = 0`.
pub struct Nesterov {
    /// m, from 0 up to but not 1.
    pub momentum: f64,
}

impl Descent for Nesterov {
    fn memory(&self, d: usize) -> usize {
        d
    }

    fn step(&self, _: u64, eta: f64, h: &[f64], x: &mut [f64], memory: &mut [f64]) {
        for ((x, v), h) in x.iter_mut().zip(memory).zip(h) {
            *v = self.momentum.mul_add(*v, *h);
            *x = (-eta).mul_add(self.momentum.mul_add(*v, *h), *x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_steps(rule: &dyn Descent) -> f64 {
        let (mut x, mut memory) = ([1.0], [0.0]);
        rule.step(0, 0.5, &[0.25], &mut x, &mut memory);
        rule.step(1, 0.5, &[-1.0], &mut x, &mut memory);
        x[0]
    }

    #[test]
    fn numbers_worked_by_hand() {
        // v = 0.25, x = 0.875; v = 0.125 - 1 = -0.875, x = 1.3125.
        assert_eq!(two_steps(&HeavyBall { momentum: 0.5 }), 1.3125);
        // x = 1 - 0.5 (0.25 + 0.125) = 0.8125; v = -0.875, x = 0.8125 - 0.5 (-1 - 0.4375) = 1.53125.
        assert_eq!(two_steps(&Nesterov { momentum: 0.5 }), 1.53125);
    }

    #[test]
    fn without_momentum_both_are_gradient_descent() {
        use super::super::GradientDescent;
        for rule in [&HeavyBall { momentum: 0.0 } as &dyn Descent, &Nesterov { momentum: 0.0 }] {
            assert_eq!(two_steps(rule), two_steps(&GradientDescent));
        }
    }
}
