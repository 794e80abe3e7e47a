//! Random bits of eight lanes: coins, or 64 bits a sample.

use super::super::eight::Eight;
use super::{GROUP, Generators, Rule};
use crate::random::{self, COINS, drawn_bits, is_settled_later};

/// Coins of [`Generator::reaches`](crate::random::Generator::reaches).
#[inline(always)]
pub(super) fn toss<E: Eight>(words: &mut [[u64; GROUP]; 4], threshold: u64) -> E::Words {
    let [a, b, c, d] = &*words;
    let mut generator = [E::words(a), E::words(b), E::words(c), E::words(d)];
    let [mut reach, mut open] = [E::words(&[u64::MAX; GROUP]); 2];
    for bit in drawn_bits(threshold) {
        let word = E::bits(&mut generator);
        if bit {
            (reach, open) = (E::and(reach, word), E::and(open, word));
        } else {
            (reach, open) = (E::or(reach, word), E::without(open, word));
        }
    }
    for (generator, words) in generator.into_iter().zip(words.iter_mut()) {
        E::store_words(generator, words);
    }
    if !is_settled_later(threshold) || E::are_zero(open) {
        return reach;
    }
    let [mut reached, mut opened] = [[0; GROUP]; 2];
    E::store_words(reach, &mut reached);
    E::store_words(open, &mut opened);
    settle(&mut reached, &opened, words, threshold);
    E::words(&reached)
}

#[cold]
fn settle(reach: &mut [u64; GROUP], open: &[u64; GROUP], [first, ..]: &[[u64; GROUP]; 4], threshold: u64) {
    for ((reach, open), first) in reach.iter_mut().zip(open).zip(first) {
        *reach = random::settle(*first, *reach, *open, threshold);
    }
}

/// The bits of a batch: the top one of each is a coin where there are two components.
#[inline(always)]
pub(super) fn draw<E: Eight>(rule: &Rule, bits: &mut [E::Words], generators: &mut Generators, left: &mut u64) {
    let Some(threshold) = rule.coin() else {
        let [a, b, c, d] = &generators.words;
        let mut state = [E::words(a), E::words(b), E::words(c), E::words(d)];
        for bits in bits {
            *bits = E::bits(&mut state);
        }
        for (state, words) in state.into_iter().zip(&mut generators.words) {
            E::store_words(state, words);
        }
        return;
    };
    let mut coins = E::words(&generators.coins);
    for bits in bits {
        if *left == 0 {
            coins = toss::<E>(&mut generators.words, threshold);
            *left = COINS;
        }
        *bits = coins;
        coins = E::shifted(coins, 1);
        *left -= 1;
    }
    E::store_words(coins, &mut generators.coins);
}
