use std::path::{Path, PathBuf};
use xoay_imaging::{DecodeOptions, decode};
use xoay_matte::{Proxy, Row, cut_row};

fn load(path: &Path) -> (u32, u32, Vec<u8>) {
    let d = decode(&std::fs::read(path).unwrap(), &DecodeOptions::default()).unwrap();
    let r = d.raster;
    (r.width(), r.height(), r.pixels().to_vec())
}
fn gray(path: &Path) -> (u32, u32, Vec<u8>) {
    let (w, h, p) = load(path);
    let c = p.len() / (w * h) as usize;
    (w, h, p.chunks_exact(c).map(|p| p[0]).collect())
}
fn main() {
    for set in std::env::args().skip(1) {
        let dir = PathBuf::from(&set);
        let mut names: Vec<_> = std::fs::read_dir(dir.join("images")).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        let (plates, names): (Vec<_>, Vec<_>) = names.into_iter().partition(|p| p.file_name().unwrap().to_string_lossy().starts_with("plate"));
        let rows = if set.contains("2x") { 2 } else { 1 };
        let use_plate = std::env::var("NOPLATE").is_err();
        let t = std::time::Instant::now();
        let proxies: Vec<Proxy> = names.iter().map(|n| { let (w, h, p) = load(n); Proxy::of(w, h, &p) }).collect();
        let plate = plates.first().filter(|_| use_plate).map(|n| { let (w, h, p) = load(n); Proxy::of(w, h, &p) });
        eprintln!("load {:?}", t.elapsed());
        let per = names.len() / rows;
        for r in 0..rows {
            let t = std::time::Instant::now();
            let row = Row { frames: proxies[r * per..(r + 1) * per].iter().collect(), clean_plate: plate.as_ref(), azimuths_deg: Some((0..per).map(|i| 360.0 * i as f32 / per as f32).collect()), focal_ratio: Some(62.4 / 36.0) };
            let cut = cut_row(&row, 2); let masks = &cut.frames; eprintln!("axis {:?} {:.1} sense {:?} conf mean {:.3} min {:.3} shifts {:?} gain {:?}", cut.axis, cut.axis.x * 1200.0, cut.sense, masks.iter().map(|m| m.confidence).sum::<f32>() / masks.len() as f32, masks.iter().map(|m| m.confidence).fold(1.0, f32::min), masks.iter().map(|m| m.shift).take(3).collect::<Vec<_>>(), &cut.gains[..2]);
            let took = t.elapsed();
            let took = t.elapsed();
            let t = std::time::Instant::now();
            let (mut sum, mut worst, mut worst_name) = (0.0, 2.0, String::new());
            let (mut coarse_sum, mut error_sum, mut band) = (0.0, 0.0, 0u64);
            for (i, m) in masks.iter().enumerate() {
                let name = &names[r * per + i];
                let (w, h, truth) = gray(&dir.join("ground_truth/masks").join(name.with_extension("png").file_name().unwrap()));
                let (_, _, rgb) = load(name);
                let out = xoay_matte::refine(w, h, &rgb, m);
                let (pw, ph) = (row.frames[0].width(), row.frames[0].height());
                let (mut both, mut any, mut cb, mut ca) = (0, 0, 0, 0);
                let mut over = vec![0u8; (w * h * 3) as usize];
                for y in 0..h as usize { for x in 0..w as usize {
                    let at = y * w as usize + x;
                    let a = out.rgba[at * 4 + 3] >= 128;
                    let b = truth[at] >= 128;
                    let c = m.inside()[y * ph / h as usize * pw + x * pw / w as usize];
                    both += usize::from(a && b); any += usize::from(a || b);
                    cb += usize::from(c && b); ca += usize::from(c || b);
                    // a 10 px band about the true edge
                    let near = |d: i32| [(d, 0), (-d, 0), (0, d), (0, -d)].iter().any(|(dx, dy)| { let (xx, yy) = (x as i32 + dx, y as i32 + dy); xx >= 0 && yy >= 0 && xx < w as i32 && yy < h as i32 && (truth[yy as usize * w as usize + xx as usize] >= 128) != b });
                    if near(1) || near(3) || near(5) { band += 1; error_sum += (f64::from(out.rgba[at * 4 + 3]) - f64::from(truth[at])).abs() / 255.0; }
                    let p = &rgb[at * 3..][..3];
                    let o = &mut over[at * 3..][..3];
                    o.copy_from_slice(p);
                    if a && !b { o[0] = 255; o[1] /= 2; o[2] /= 2; }
                    if b && !a { o[2] = 255; o[0] /= 2; o[1] /= 2; }
                    if a && b { o[1] = o[1] / 2 + 100; }
                } }
                let iou = both as f32 / any.max(1) as f32;
                coarse_sum += cb as f32 / ca.max(1) as f32;
                if i % 6 == 0 { std::fs::write(format!("/tmp/look/o{}_{r}_{i:02}.ppm", &dir.file_name().unwrap().to_string_lossy()[..1]), [format!("P6 {w} {h} 255\n").as_bytes(), &over].concat()).unwrap();
                    let white: Vec<u8> = out.rgba.chunks_exact(4).flat_map(|p| { let a = f32::from(p[3]) / 255.0; [p[0], p[1], p[2]].map(|v| (f32::from(v) * a + 255.0 * (1.0 - a)) as u8) }).collect();
                    std::fs::write(format!("/tmp/look/w{}_{r}_{i:02}.ppm", &dir.file_name().unwrap().to_string_lossy()[..1]), [format!("P6 {w} {h} 255\n").as_bytes(), &white].concat()).unwrap();
                }
                sum += iou;
                if iou < worst { worst = iou; worst_name = format!("{i}"); }
            }
            println!("coarse {:.4} alpha error {:.4} refine+score {:?}", coarse_sum / masks.len() as f32, error_sum / band as f64, t.elapsed());
            println!("{} row {r}: mean {:.4} worst {:.4} ({worst_name}) in {took:?}", dir.file_name().unwrap().to_string_lossy(), sum / masks.len() as f32, worst);
        }
    }
}
