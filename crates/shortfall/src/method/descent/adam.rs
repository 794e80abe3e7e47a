//! Adam.

use super::Descent;

/// Adam (Kingma and Ba, ICLR 2015): `m+ = b1 m + (1 - b1) h`, `v+ = b2 v + (1 - b2) h^2`,
/// `x+ = x - eta (m+/(1 - b1^(t+1)))/(sqrt(v+/(1 - b2^(t+1))) + epsilon)`, elementwise, with `m_0 = v_0 = 0`.
pub struct Adam {
    /// b1, from 0 up to but not 1.
    pub beta1: f64,
    /// b2, from 0 up to but not 1.
    pub beta2: f64,
    /// epsilon, above 0.
    pub epsilon: f64,
}

impl Descent for Adam {
    fn memory(&self, d: usize) -> usize {
        2 * d
    }

    fn step(&self, t: u64, eta: f64, h: &[f64], x: &mut [f64], memory: &mut [f64]) {
        let steps = t as f64 + 1.0;
        let (first, second) = (1.0 - core_math::pow(self.beta1, steps), 1.0 - core_math::pow(self.beta2, steps));
        let (m, v) = memory.split_at_mut(x.len());
        for i in 0..x.len() {
            m[i] = self.beta1.mul_add(m[i], (1.0 - self.beta1) * h[i]);
            v[i] = self.beta2.mul_add(v[i], (1.0 - self.beta2) * h[i] * h[i]);
            x[i] = (-eta).mul_add(m[i] / first / ((v[i] / second).sqrt() + self.epsilon), x[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_worked_by_hand() {
        let rule = Adam { beta1: 0.5, beta2: 0.75, epsilon: 0.5 };
        let (mut x, mut memory) = ([1.0], [0.0; 2]);
        // m = 1, v = 1: unbiased 2 and 4, x = 1 - 0.25*2/(2 + 0.5) = 0.8.
        rule.step(0, 0.25, &[2.0], &mut x, &mut memory);
        assert!((x[0] - 0.8).abs() < 1e-15);
        // m = 0.5 - 1 = -0.5 over 0.75; v = 0.75 + 1 = 1.75 over 0.4375 = 4: x = 0.8 + 0.25*(2/3)/2.5.
        rule.step(1, 0.25, &[-2.0], &mut x, &mut memory);
        assert!((x[0] - (0.8 + 0.5 / 7.5)).abs() < 1e-15, "{x:?}");
    }

    #[test]
    fn a_zero_gradient_moves_nothing() {
        let (mut x, mut memory) = ([1.0, 2.0], [0.0; 4]);
        Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }.step(0, 0.1, &[0.0, -0.0], &mut x, &mut memory);
        assert_eq!(x, [1.0, 2.0]);
    }
}
