//! All registers against the arrays, leaps against steps, coins against those of generators.

use super::*;
use crate::random::{Generator, Role};

const LEFT: u64 = 5;
/// Coins are tossed three times on the way.
const STEPS: usize = 150;

fn lanes() -> [Lanes; GROUPS] {
    let mut generator = Generator::new(3, 0, Role::Other);
    std::array::from_fn(|_| Lanes {
        x: std::array::from_fn(|l| if l == 3 { -0.0 } else { 3.0 * generator.uniform() - 1.5 }),
        generators: std::array::from_fn(|_| Generators {
            words: std::array::from_fn(|_| std::array::from_fn(|_| generator.bits())),
            coins: std::array::from_fn(|_| generator.bits()),
            coins_left: [LEFT; GROUP],
        }),
    })
}

fn curves() -> Vec<Curve> {
    vec![
        Curve { breakpoints: vec![], pieces: vec![[0.0, 0.0, 1.0, 0.25]] },
        Curve {
            breakpoints: vec![-0.5, 0.75],
            pieces: vec![[-0.5, 1.0, -2.0, 0.0], [0.0, 0.0, 3.0, 1.0], [0.75, 2.25, 0.5, 2.0]],
        },
        Curve { breakpoints: vec![0.1], pieces: vec![[1.0, 0.0, 1.0, 0.5], [0.1, -0.9, 4.0, 0.125]] },
        Curve { breakpoints: vec![], pieces: vec![[-1.0, 0.0, 1.0, 0.5]] },
        Curve { breakpoints: vec![], pieces: vec![[0.5, 0.25, 2.0, 0.0]] },
        Curve { breakpoints: vec![], pieces: vec![[-0.5, 0.25, 2.0, 1.0]] },
    ]
}

/// All shapes of mixtures that have code of their own, in steps that have it too and in others, and all registers there are.
#[test]
fn registers_and_arrays_give_the_same_bits() {
    let all = curves();
    let shapes: [&[usize]; 8] = [&[0, 0], &[0, 3], &[4, 5], &[3, 4], &[0, 2], &[1, 2], &[1], &[0, 1, 2]];
    for (batch, perturbs, independent) in
        [(1, true, false), (1, false, false), (1, true, true), (2, true, true), (16, true, false)]
    {
        for shape in shapes {
            let components: Vec<Curve> = shape.iter().map(|k| all[*k].clone()).collect();
            let thresholds: Vec<u64> = (1..=shape.len()).map(|k| u64::MAX / shape.len() as u64 * k as u64).collect();
            let (components, thresholds) = (&components, &thresholds);
            for rest in [0.0, 0.1] {
                let rests = rest != 0.0;
                let rule = Rule {
                    components,
                    thresholds,
                    coins_left: [LEFT; 2],
                    batch,
                    perturbs,
                    independent,
                    rests,
                    leap: None,
                };
                let coefficients: Vec<Coefficients> =
                    (0..STEPS as u32).map(|t| [0.1, 0.2, f64::from(t % 2) * rest]).collect();
                let (mut fast, mut slow) = (lanes(), lanes());
                let mut tiles = [vec![Row::default(); STEPS], vec![Row::default(); STEPS]];
                advance(&rule, &coefficients, &mut fast, &mut tiles[0]);
                super::super::eight::plain::advance(&rule, &coefficients, &mut slow, &mut tiles[1]);
                let bits =
                    |tile: &[Row]| tile.as_flattened().as_flattened().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&tiles[0]), bits(&tiles[1]));
                // One step after the other, by the code for any mixture.
                let (mut one, mut tile) = (lanes(), vec![Row::default(); STEPS]);
                step_by::<[f64; GROUP]>(&rule, &coefficients, &mut one, &mut Kept(&mut tile));
                assert_eq!(bits(&tile), bits(&tiles[1]));
                assert!(one == slow);
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    let (mut by_avx2, mut tile) = (lanes(), vec![Row::default(); STEPS]);
                    // SAFETY: AVX2 and FMA are there.
                    #[allow(unsafe_code)]
                    unsafe {
                        super::super::eight::avx2::advance(&rule, &coefficients, &mut by_avx2, &mut tile);
                    }
                    assert_eq!(bits(&tile), bits(&tiles[1]));
                    assert!(by_avx2 == slow);
                }
                let mut again = lanes();
                travel(&rule, &coefficients, &mut again);
                assert!(again == slow && fast == slow);
                for group in 0..GROUPS {
                    let read = |survey: fn(&Curve, [f64; 2], &[Row], usize) -> Totals| {
                        survey(&all[1], [0.5, 0.75], &tiles[0], group)
                    };
                    assert_eq!(read(survey), read(super::super::eight::plain::survey));
                }
            }
        }
    }
}

/// Where all lanes leap, some and none; with the places they come by and without.
#[test]
fn registers_and_arrays_leap_alike() {
    let components = &vec![curves()[3].clone(), curves()[4].clone()];
    let thresholds = &[u64::MAX / 3, u64::MAX];
    let coefficients = [[0.01, 0.1, 0.0]; STEPS];
    let leap = Leap::of(components, coefficients[0]);
    assert!(leap.is_some());
    let rule = Rule {
        components,
        thresholds,
        coins_left: [LEFT, 0],
        batch: 1,
        perturbs: true,
        independent: false,
        rests: false,
        leap: leap.as_ref(),
    };
    for size in [0.1, 1.0, 10.0] {
        let start = || lanes().map(|lanes| Lanes { x: lanes.x.map(|x| size * x), ..lanes });
        let (mut fast, mut slow, mut again) = (start(), start(), start());
        let mut tiles = [vec![Row::default(); STEPS], vec![Row::default(); STEPS]];
        advance(&rule, &coefficients, &mut fast, &mut tiles[0]);
        super::super::eight::plain::advance(&rule, &coefficients, &mut slow, &mut tiles[1]);
        travel(&rule, &coefficients, &mut again);
        assert!(fast == slow && again == slow && tiles[0] == tiles[1]);
        let mut by_avx2 = start();
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: AVX2 and FMA are there.
            #[allow(unsafe_code)]
            unsafe {
                super::super::eight::avx2::travel(&rule, &coefficients, &mut by_avx2);
            }
            assert!(by_avx2 == slow);
        }
        let mut single = start();
        travel(&Rule { leap: None, ..rule }, &coefficients, &mut single);
        let apart = |a: &Lanes, b: &Lanes| a.x.iter().zip(&b.x).any(|(a, b)| a != b);
        assert!(size > 1.0 || single.iter().zip(&fast).any(|(a, b)| apart(a, b)));
        for (a, b) in single.iter().zip(&fast) {
            assert!(a.generators == b.generators);
            assert!(a.x.iter().zip(b.x).all(|(a, b)| (a - b).abs() < 1e-14 * size));
        }
    }
}

#[test]
fn coins_are_those_of_the_generators() {
    let threshold = (0.7 * 2f64.powi(64)) as u64;
    let mut words = lanes()[0].generators[0].words;
    let mut generators: [Generator; GROUP] =
        std::array::from_fn(|l| Generator::from_words(words.map(|words| words[l])));
    // One coin in 4096 is settled.
    for _ in 0..2000 {
        let coins = toss::<[f64; GROUP]>(&mut words, threshold);
        for (l, generator) in generators.iter_mut().enumerate() {
            let tossed = (0..COINS).fold(0, |coins, _| coins << 1 | u64::from(generator.reaches(threshold)));
            assert_eq!(coins[l], tossed);
            assert_eq!((generator.words, generator.coins_left), (words.map(|words| words[l]), 0));
        }
    }
}
