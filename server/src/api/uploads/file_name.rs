use xoay_format::Text;

use crate::Error;

/// Longest photo name in bytes: file systems take 255, and stages append to it.
const LIMIT_BYTES: usize = 200;
const ENDINGS: [&str; 6] = ["jpg", "jpeg", "png", "webp", "tif", "tiff"];

/// The name if it can be one file's in one folder on any system, and a photo's.
pub(super) fn photo_name(given: &str) -> Result<String, Error> {
    let name = given.trim();
    let refuse = |vi: &str, en: &str| {
        let shown: String = given.chars().take(80).collect();
        Err(Error::PhotoName {
            name: shown,
            rule: Text::new(vi, en),
        })
    };
    if name.is_empty() {
        return refuse("tên trống", "it is empty");
    }
    if name.len() > LIMIT_BYTES {
        return refuse(
            &format!("dài quá {LIMIT_BYTES} byte"),
            &format!("it has more than {LIMIT_BYTES} bytes"),
        );
    }
    if name
        .chars()
        .any(|c| c.is_control() || "/\\:*?\"<>|".contains(c))
    {
        return refuse(
            "chỉ gửi tên tệp, không kèm thư mục hay ký tự đặc biệt như / \\ : * ? \" < > |",
            "send the file's name alone, without folders or characters such as / \\ : * ? \" < > |",
        );
    }
    if name.starts_with('.') {
        return refuse("tên bắt đầu bằng dấu chấm", "it starts with a dot");
    }
    let ending = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    if !ending.is_some_and(|e| ENDINGS.contains(&e.as_str())) {
        return refuse(
            "cần đuôi .jpg, .png, .webp hoặc .tif",
            "it must end in .jpg, .png, .webp or .tif",
        );
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass() {
        for name in [
            "IMG_0001.JPG",
            "hũ mật ong (1).jpeg",
            "a.b.tif",
            " 001.webp ",
            "..a.png".trim_start_matches('.'),
        ] {
            assert_eq!(photo_name(name).unwrap(), name.trim());
        }
    }

    #[test]
    fn tricks_are_refused() {
        let long = format!("{}.jpg", "a".repeat(200));
        for name in [
            "",
            " ",
            ".",
            "..",
            "../a.jpg",
            "/etc/a.jpg",
            "a/b.jpg",
            "a\\b.jpg",
            "C:a.jpg",
            "a\0.jpg",
            "a\n.jpg",
            ".a.jpg",
            "..jpg",
            "a.jpg/",
            "a.exe",
            "a.jpg.html",
            "a.svg",
            "a",
            "jpg",
            &long,
        ] {
            let refused = photo_name(name);
            assert!(matches!(refused, Err(Error::PhotoName { .. })), "{name:?}");
        }
    }
}
