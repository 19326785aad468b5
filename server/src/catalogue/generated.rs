//! Invented products in any number, for tests and benches at the size of a whole country's programme.

use std::path::Path;

use xoay_format::Text;

use super::{Category, NewProduct, ProductId, Province, Rating};

/// Products of one transaction.
const BATCH: usize = 1500;

const KINDS: [(&str, &str, Category); 16] = [
    ("Mật ong", "Honey", Category::Food),
    ("Nước mắm", "Fish sauce", Category::Food),
    ("Gạo nếp", "Sticky rice", Category::Food),
    ("Bánh đa nem", "Rice paper", Category::Food),
    ("Hạt điều", "Cashew nuts", Category::Food),
    ("Miến dong", "Canna noodles", Category::Food),
    ("Chả mực", "Squid cake", Category::Food),
    ("Muối ớt", "Chilli salt", Category::Food),
    ("Trà Shan tuyết", "Shan tea", Category::Drinks),
    ("Cà phê", "Coffee", Category::Drinks),
    ("Rượu nếp", "Rice wine", Category::Drinks),
    ("Cao cà gai leo", "Solanum extract", Category::Herbs),
    ("Gốm", "Pottery", Category::Handicraft),
    ("Chiếu cói", "Sedge mat", Category::Handicraft),
    ("Hoa lan", "Orchid", Category::Ornamental),
    ("Nhà dài", "Longhouse stay", Category::Tourism),
];
const GRADES: [(&str, &str); 7] = [
    ("hoa nhãn", "longan"),
    ("đặc sản", "speciality"),
    ("hữu cơ", "organic"),
    ("truyền thống", "traditional"),
    ("thượng hạng", "first grade"),
    ("rừng tràm", "cajuput forest"),
    ("sấy lạnh", "freeze-dried"),
];
const PRODUCERS: [&str; 11] = [
    "Hợp tác xã Bình Minh",
    "Hợp tác xã Đồng Tâm",
    "Cơ sở Út Thảo",
    "Công ty Sao Việt",
    "Tổ hợp tác Ea Kao",
    "Hộ kinh doanh Nguyễn Thị Ánh",
    "Hợp tác xã Nậm Ngùn",
    "Làng nghề Bát Tràng",
    "Cơ sở Mười Vững",
    "Hợp tác xã Quỳnh Nhai",
    "Công ty Hưng Thịnh",
];

/// The products with the numbers 0 to `count`, the same ones each time.
pub fn generated(count: u32) -> impl Iterator<Item = NewProduct> {
    let provinces: Vec<Province> = Province::all().collect();
    (0..count).map(move |number| {
        // The steps have no common divisor with one another: every combination comes.
        let pick = number as usize;
        let (kind_vi, kind_en, category) = KINDS[pick % KINDS.len()];
        let (grade_vi, grade_en) = GRADES[(pick / 3) % GRADES.len()];
        let province = provinces[(pick / 5) % provinces.len()];
        let producer = PRODUCERS[(pick / 2) % PRODUCERS.len()];
        NewProduct {
            slug: Some(format!("generated-{number}")),
            name: Text::new(
                format!("{kind_vi} {grade_vi} {} số {number}", province.name()),
                format!("{} {kind_en} no. {number}", capital(grade_en)),
            ),
            producer: Text::new(producer, producer),
            commune: Text::new(
                format!("xã {}", 1 + number % 97),
                format!("commune {}", 1 + number % 97),
            ),
            story: Text::new("Câu chuyện sản phẩm.", "The product's story."),
            province: Some(province),
            category: Some(category),
            // One in four has no certificate.
            rating: (number % 4 != 0).then(|| Rating {
                stars: 3 + (number / 4 % 3) as u8,
                year: 2022 + (number % 5) as u16,
            }),
            ..NewProduct::default()
        }
    })
}

/// Adds the products with the numbers 0 to `count` to a service's database and gives their ids in that order.
///
/// # Errors
/// What the database says.
pub async fn fill(
    data_dir: &Path,
    database_url: Option<&str>,
    count: u32,
) -> anyhow::Result<Vec<ProductId>> {
    let records = super::open(data_dir, database_url).await?;
    let new: Vec<NewProduct> = generated(count).collect();
    let mut ids = Vec::with_capacity(new.len());
    for batch in new.chunks(BATCH) {
        ids.extend(records.create_products(batch).await?);
    }
    Ok(ids)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
