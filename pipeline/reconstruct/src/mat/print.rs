//! The mat as a PDF of one page (ISO 32000-1): markers, rings to centre the product by, a bar to check the print with.

use std::fmt::Write as _;

use super::dictionary::{CELLS, bits};
use super::layout::{Mat, Paper};

/// Millimetres from the ring's middle to the sheet's upper edge.
const MIDDLE_FROM_TOP_MM: [f64; 2] = [112.0, 160.0];
/// Length of the bar that tells whether the print is true.
const BAR_MM: f64 = 100.0;

/// A line of the sheet's text: Vietnamese first, then English.
const TEXT: [&str; 6] = [
    "In ở 100% (\"kích thước thật\"), không chọn \"vừa trang\". Vạch dưới đây phải dài đúng 100 mm.",
    "Print at 100% (\"actual size\"), not \"fit to page\". The bar below must measure exactly 100 mm.",
    "Dán phẳng lên bàn xoay, tâm vòng trùng trục quay. Đặt sản phẩm vào giữa, đừng che các ô vuông.",
    "Stick it flat on the turntable, its middle on the axis. Stand the product within, cover no square.",
    "Chụp sao cho thấy ít nhất bốn ô vuông trong mỗi ảnh.",
    "See to it that each photo shows four squares or more.",
];

/// The mat's sheet as a PDF file. Lengths are true where it is printed at 100%.
#[must_use]
pub fn mat_pdf(paper: Paper) -> Vec<u8> {
    let [width, height] = paper.size_mm();
    let page = content(paper);
    let points = |mm: f64| mm * 72.0 / 25.4;
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (vi) /ViewerPreferences << /PrintScaling /None >> >>"
            .to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {:.3} {:.3}] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
            points(width),
            points(height)
        ),
        format!("<< /Length {} >>\nstream\n{page}endstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
        "<< /Title (Xoay mat) /Producer (Xoay) >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.7\n");
    let mut offsets = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", at + 1);
    }
    let start = file.len();
    let _ = write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _ = writeln!(file, "{offset:010} 00000 n ");
    }
    let _ = write!(
        file,
        "trailer\n<< /Size {} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    );
    file.into_bytes()
}

/// What is drawn, in millimetres from the lower left corner.
fn content(paper: Paper) -> String {
    let [width, height] = paper.size_mm();
    let from_top = MIDDLE_FROM_TOP_MM[usize::from(paper == Paper::A3)];
    let middle = [width / 2.0, height - from_top];
    let mut out = String::new();
    let _ = writeln!(out, "{0:.7} 0 0 {0:.7} 0 0 cm", 72.0 / 25.4);
    for marker in &Mat::printed(paper).markers {
        // The mat's z points down the sheet.
        let corners = marker
            .corners_m
            .map(|[x, z]| [middle[0] + 1000.0 * x, middle[1] - 1000.0 * z]);
        draw_marker(&mut out, corners, bits(marker.id).unwrap_or(0));
    }
    out.push_str("0.6 G 0.2 w\n");
    let (_, _, side, radius) = paper.ring();
    let free = radius - side / 2.0 - 5.0;
    for share in [1.0, 0.75, 0.5, 0.25] {
        circle(&mut out, middle, free * share);
    }
    for [dx, dy] in [[5.0, 0.0], [0.0, 5.0]] {
        line(
            &mut out,
            [middle[0] - dx, middle[1] - dy],
            [middle[0] + dx, middle[1] + dy],
        );
    }
    let bar = [(width - BAR_MM) / 2.0, 14.0];
    out.push_str("0 G 0.4 w\n");
    line(&mut out, bar, [bar[0] + BAR_MM, bar[1]]);
    for tick in 0..=10 {
        let x = bar[0] + BAR_MM * f64::from(tick) / 10.0;
        let tall = if tick % 5 == 0 { 4.0 } else { 2.5 };
        line(&mut out, [x, bar[1]], [x, bar[1] + tall]);
    }
    let size_mm = 3.6;
    for (number, text) in TEXT.iter().enumerate() {
        let y = bar[1] + 8.0 + 6.5 * (TEXT.len() - 1 - number) as f64;
        let x = (width - text_width(text) * size_mm) / 2.0;
        write_text(&mut out, text, [x, y], size_mm);
    }
    write_text(&mut out, "0", [bar[0] - 1.0, bar[1] - 4.5], 3.2);
    write_text(
        &mut out,
        "100 mm",
        [bar[0] + BAR_MM - 5.0, bar[1] - 4.5],
        3.2,
    );
    let name = match paper {
        Paper::A4 => "Xoay A4",
        Paper::A3 => "Xoay A3",
    };
    write_text(&mut out, name, [8.0, bar[1] - 4.5], 3.2);
    out
}

fn draw_marker(out: &mut String, [a, b, c, d]: [[f64; 2]; 4], code: u16) {
    const SIDE: usize = CELLS + 2;
    let at = |column: usize, row: usize| -> [f64; 2] {
        let (u, v) = (column as f64 / SIDE as f64, row as f64 / SIDE as f64);
        std::array::from_fn(|k| a[k] + u * (b[k] - a[k]) + v * (d[k] - a[k]))
    };
    out.push_str("0 g\n");
    path(out, &[a, b, c, d]);
    out.push_str("f\n");
    // One path for all white cells: between two paths a seam would show.
    out.push_str("1 g\n");
    for row in 0..CELLS {
        let white = |column: &usize| code >> (15 - (row * CELLS + column)) & 1 == 1;
        let columns: Vec<usize> = (0..CELLS).filter(white).collect();
        for run in columns.chunk_by(|a, b| b - a == 1) {
            let (left, right) = (run[0] + 1, run[run.len() - 1] + 2);
            let (top, bottom) = (row + 1, row + 2);
            path(
                out,
                &[
                    at(left, top),
                    at(right, top),
                    at(right, bottom),
                    at(left, bottom),
                ],
            );
        }
    }
    out.push_str("f\n");
}

fn path(out: &mut String, corners: &[[f64; 2]]) {
    for (k, [x, y]) in corners.iter().enumerate() {
        let _ = write!(out, "{x:.4} {y:.4} {} ", if k == 0 { 'm' } else { 'l' });
    }
    out.push_str("h\n");
}

fn line(out: &mut String, from: [f64; 2], to: [f64; 2]) {
    let _ = writeln!(
        out,
        "{:.4} {:.4} m {:.4} {:.4} l S",
        from[0], from[1], to[0], to[1]
    );
}

fn circle(out: &mut String, [x, y]: [f64; 2], radius: f64) {
    // Four Bézier arcs; the usual handle for a quarter.
    let h = 0.552_284_75 * radius;
    let r = radius;
    let _ = writeln!(
        out,
        "{:.4} {:.4} m {:.4} {:.4} {:.4} {:.4} {:.4} {:.4} c {:.4} {:.4} {:.4} {:.4} {:.4} {:.4} c {:.4} {:.4} {:.4} {:.4} {:.4} {:.4} c {:.4} {:.4} {:.4} {:.4} {:.4} {:.4} c S",
        x + r,
        y,
        x + r,
        y + h,
        x + h,
        y + r,
        x,
        y + r,
        x - h,
        y + r,
        x - r,
        y + h,
        x - r,
        y,
        x - r,
        y - h,
        x - h,
        y - r,
        x,
        y - r,
        x + h,
        y - r,
        x + r,
        y - h,
        x + r,
        y,
    );
}

/// What Helvetica lacks is drawn above or below its letters: no font with Vietnamese needs to be embedded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stroke {
    Grave,
    Acute,
    Hook,
    Tilde,
    Dot,
    Circumflex,
    Breve,
    Horn,
    Bar,
}

/// The vowels of Vietnamese: a letter, its shape, and it under each tone.
const VOWELS: [(char, Option<Stroke>, &str); 12] = [
    ('a', None, "aàáảãạ"),
    ('a', Some(Stroke::Breve), "ăằắẳẵặ"),
    ('a', Some(Stroke::Circumflex), "âầấẩẫậ"),
    ('e', None, "eèéẻẽẹ"),
    ('e', Some(Stroke::Circumflex), "êềếểễệ"),
    ('i', None, "iìíỉĩị"),
    ('o', None, "oòóỏõọ"),
    ('o', Some(Stroke::Circumflex), "ôồốổỗộ"),
    ('o', Some(Stroke::Horn), "ơờớởỡợ"),
    ('u', None, "uùúủũụ"),
    ('u', Some(Stroke::Horn), "ưừứửữự"),
    ('y', None, "yỳýỷỹỵ"),
];
const TONES: [Option<Stroke>; 6] = [
    None,
    Some(Stroke::Grave),
    Some(Stroke::Acute),
    Some(Stroke::Hook),
    Some(Stroke::Tilde),
    Some(Stroke::Dot),
];

/// A letter of Helvetica and what is drawn about it.
fn parts(letter: char) -> (char, [Option<Stroke>; 2]) {
    match letter {
        'đ' => return ('d', [Some(Stroke::Bar), None]),
        'Đ' => return ('D', [Some(Stroke::Bar), None]),
        _ => {}
    }
    for (base, shape, tones) in VOWELS {
        if let Some(tone) = tones.chars().position(|c| c == letter) {
            return (base, [shape, TONES[tone]]);
        }
    }
    (letter, [None, None])
}

/// Widths of Helvetica's letters in thousandths of its size, from Adobe's font metrics.
fn letter_width(letter: char) -> f64 {
    let thousandths = match letter {
        'i' | 'j' | 'l' => 222,
        ' ' | '.' | ',' | 'I' | 'f' | 't' | ':' | '/' => 278,
        '"' => 355,
        'r' | '(' | ')' | '-' => 333,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 500,
        'A' | 'B' | 'E' | 'P' | 'S' | 'V' | 'X' | 'K' | 'Y' => 667,
        'F' | 'T' => 611,
        'C' | 'D' | 'H' | 'N' | 'R' | 'U' | 'w' => 722,
        'G' | 'O' | 'Q' => 778,
        'm' | 'M' => 833,
        '%' => 889,
        _ => 556,
    };
    f64::from(thousandths) / 1000.0
}

/// Width of a line in multiples of the letters' size.
fn text_width(text: &str) -> f64 {
    text.chars().map(|c| letter_width(parts(c).0)).sum()
}

fn write_text(out: &mut String, text: &str, [x, y]: [f64; 2], size: f64) {
    let letters: String = text
        .chars()
        .map(|c| parts(c).0)
        .flat_map(|c| match c {
            '(' | ')' | '\\' => vec!['\\', c],
            c => vec![c],
        })
        .collect();
    let _ = writeln!(
        out,
        "0 g BT /F {size:.3} Tf {x:.4} {y:.4} Td ({letters}) Tj ET"
    );
    out.push_str("0 G 1 J 1 j\n");
    let mut from = x;
    for letter in text.chars() {
        let (base, marks) = parts(letter);
        let width = letter_width(base);
        // A tone stands beside a circumflex and above a breve, as in good print.
        let crowned = matches!(marks[0], Some(Stroke::Circumflex | Stroke::Breve));
        for mark in marks.into_iter().flatten() {
            // A dot is a short line as wide as long, under round caps.
            let wide = if mark == Stroke::Dot { 0.1 } else { 0.055 };
            let _ = writeln!(out, "{:.4} w", wide * size);
            for way in strokes(mark, base, width, crowned) {
                for (k, [u, v]) in way.iter().enumerate() {
                    let (px, py) = (from + u * size, y + v * size);
                    let _ = write!(out, "{px:.4} {py:.4} {} ", if k == 0 { 'm' } else { 'l' });
                }
                out.push_str("S\n");
            }
        }
        from += width * size;
    }
    out.push_str("0 J 0 j\n");
}

/// The ways of a mark about a letter of `width`, in multiples of the letters' size; small letters are 0.52 high.
fn strokes(mark: Stroke, base: char, width: f64, crowned: bool) -> Vec<Vec<[f64; 2]>> {
    let middle = if base == 'i' { 0.11 } else { width / 2.0 };
    let (x, y) = match (mark, crowned) {
        (Stroke::Grave | Stroke::Acute | Stroke::Hook, true) => (middle + 0.17, 0.72),
        (Stroke::Tilde, true) => (middle, 0.84),
        _ => (middle, 0.6),
    };
    let placed = |way: &[[f64; 2]]| way.iter().map(|[u, v]| [x + u, y + v]).collect();
    match mark {
        Stroke::Grave => vec![placed(&[[-0.07, 0.11], [0.05, 0.0]])],
        Stroke::Acute => vec![placed(&[[-0.05, 0.0], [0.07, 0.11]])],
        Stroke::Hook => vec![placed(&[
            [-0.05, 0.12],
            [0.0, 0.15],
            [0.05, 0.11],
            [0.01, 0.06],
            [0.0, 0.02],
        ])],
        Stroke::Tilde => vec![placed(&[
            [-0.12, 0.03],
            [-0.06, 0.08],
            [0.05, 0.03],
            [0.12, 0.08],
        ])],
        Stroke::Dot => vec![vec![[middle - 0.005, -0.15], [middle + 0.005, -0.15]]],
        Stroke::Circumflex => vec![placed(&[[-0.12, 0.0], [0.0, 0.11], [0.12, 0.0]])],
        Stroke::Breve => vec![placed(&[
            [-0.12, 0.1],
            [-0.07, 0.03],
            [0.0, 0.01],
            [0.07, 0.03],
            [0.12, 0.1],
        ])],
        Stroke::Horn => {
            let edge = if base == 'o' {
                width - 0.1
            } else {
                width - 0.07
            };
            vec![vec![[edge, 0.5], [edge + 0.08, 0.54], [edge + 0.1, 0.63]]]
        }
        Stroke::Bar => {
            let (left, right, high) = if base == 'd' {
                (0.28, 0.56, 0.61)
            } else {
                (0.0, 0.36, 0.36)
            };
            vec![vec![[left, high], [right, high]]]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_of_the_file_is_where_it_says() {
        for paper in [Paper::A4, Paper::A3] {
            let file = String::from_utf8(mat_pdf(paper)).unwrap();
            assert!(file.is_ascii(), "lengths and offsets count bytes");
            let start: usize = file
                .rsplit("startxref\n")
                .next()
                .and_then(|rest| rest.lines().next())
                .unwrap()
                .parse()
                .unwrap();
            let table = &file[start..];
            assert!(table.starts_with("xref\n0 7\n"));
            for (number, entry) in table.lines().skip(3).take(6).enumerate() {
                let offset: usize = entry[..10].parse().unwrap();
                let object = format!("{} 0 obj\n", number + 1);
                assert!(file[offset..].starts_with(&object), "object {}", number + 1);
            }
            let stream = file.split("stream\n").nth(1).unwrap();
            let length = format!("/Length {} ", stream.len() - "end".len());
            assert!(file.contains(&length));
        }
    }

    #[test]
    fn text_lies_on_the_sheet() {
        for paper in [Paper::A4, Paper::A3] {
            for text in TEXT {
                assert!(text_width(text) * 3.6 < paper.size_mm()[0] - 12.0, "{text}");
            }
        }
    }
}
