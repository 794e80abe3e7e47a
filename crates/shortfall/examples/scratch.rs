use shortfall::kernel::*;
use std::time::Instant;
fn main() {
    let wave = |count: usize, by: f64| -> Vec<f64> { (0..count).map(|i| (i as f64 * by).sin()).collect() };
    for (inputs, outputs) in [(785usize, 256usize), (257, 128), (129, 10)] {
        for count in [64usize] {
            let stride = inputs.div_ceil(8) * 8;
            let x = wave(count * stride, 0.731);
            let rows: Vec<&[f64]> = x.chunks(stride).collect();
            let w = wave(outputs * inputs, 0.37);
            let d = wave(count * outputs, 1.13);
            let d_rows: Vec<&[f64]> = d.chunks(outputs).collect();
            let (mut a, mut z) = (Panel::new(inputs), Panel::new(outputs));
            let (mut delta, mut back) = (Panel::new(outputs), Panel::new(inputs));
            a.load(&rows);
            delta.load(&d_rows);
            z.reset(count);
            back.reset(count);
            let mut g = vec![0.0; outputs * stride];
            let flops = 2.0 * (inputs * outputs * count) as f64;
            let n = (2e9 / flops) as usize;
            let mut best = [f64::INFINITY; 4];
            for _ in 0..5 {
                let t = Instant::now();
                for _ in 0..n {
                    add_forward(&w, outputs, &a, &mut z);
                }
                best[0] = best[0].min(t.elapsed().as_secs_f64());
                let t = Instant::now();
                for _ in 0..n {
                    add_backward(&w, inputs, &delta, &mut back);
                }
                best[1] = best[1].min(t.elapsed().as_secs_f64());
                let t = Instant::now();
                for _ in 0..n {
                    add_outer(&delta, &rows, &mut g, stride);
                }
                best[2] = best[2].min(t.elapsed().as_secs_f64());
                let t = Instant::now();
                for _ in 0..n {
                    a.load(&rows);
                }
                best[3] = best[3].min(t.elapsed().as_secs_f64());
            }
            println!("{inputs} {outputs} {count}: {:?} GF/s", best.map(|t| n as f64 * flops / t / 1e9));
        }
    }
}
