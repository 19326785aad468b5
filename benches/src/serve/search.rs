//! Searching a province's worth of products, on both databases.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::runtime::Runtime;
use xoay_tests::PostgresServer;

use super::load::{paced, post_all};
use super::server::Xoay;

const PRODUCTS: usize = 15_000;
const PACE: u32 = 50;
const FOR: Duration = Duration::from_secs(8);
const CONNECTIONS: usize = 8;

/// What is made where: the goods, what sets them apart, and their category.
const GOODS: [(&str, &str, &str); 12] = [
    ("Mật ong", "Honey", "food"),
    ("Nước mắm", "Fish sauce", "food"),
    ("Cà phê", "Coffee", "drinks"),
    ("Trà Shan tuyết", "Shan snow tea", "drinks"),
    ("Bưởi", "Pomelo", "food"),
    ("Gạo nếp", "Sticky rice", "food"),
    ("Gốm", "Pottery", "handicraft"),
    ("Giỏ tre", "Bamboo basket", "handicraft"),
    ("Tinh dầu quế", "Cinnamon oil", "herbs"),
    ("Sâm", "Ginseng", "herbs"),
    ("Hoa lan", "Orchid", "ornamental"),
    ("Du lịch vườn", "Garden tour", "tourism"),
];
const KINDS: [&str; 8] = [
    "hoa nhãn",
    "rừng tràm",
    "đặc sản",
    "hữu cơ",
    "thượng hạng",
    "truyền thống",
    "nguyên chất",
    "gia truyền",
];
const COMMUNES: [(&str, &str); 10] = [
    ("Hồng Nam", "33"),
    ("Buôn Đôn", "66"),
    ("Phú Quốc", "91"),
    ("Bát Tràng", "01"),
    ("Suối Giàng", "15"),
    ("Nam Đàn", "40"),
    ("Trà My", "48"),
    ("Đà Lạt", "68"),
    ("Mộc Châu", "14"),
    ("Phong Điền", "92"),
];
/// What people type, and choose beside it.
const ASKED: [&str; 12] = [
    "q=mat+ong",
    "q=dak+lak",
    "q=nuoc+mam+phu+quoc",
    "q=M%E1%BA%ADt+ong",
    "q=tra+shan",
    "q=gom+bat+trang&category=handicraft",
    "q=ca+phe&province=66",
    "province=33&stars=4",
    "category=herbs",
    "q=hop+tac+xa+123",
    "q=khong+co+gi",
    "",
];

/// Latency of searches, on SQLite and on PostgreSQL.
pub fn measure(runtime: &Runtime, place: &Path) -> Result<()> {
    let sqlite = Xoay::start(&place.join("search"), &[])?;
    one(runtime, &sqlite, "SQLite", 30)?;
    drop(sqlite);
    let server = PostgresServer::start();
    let more = ["--database", server.url.as_str()];
    let postgres = Xoay::start(&place.join("search-postgres"), &more)?;
    one(runtime, &postgres, "PostgreSQL", 60)
}

fn one(runtime: &Runtime, xoay: &Xoay, database: &str, goal_ms: u32) -> Result<()> {
    let bodies = (0..PRODUCTS).map(product).collect();
    let made = runtime.block_on(post_all(xoay.address, "/api/products", bodies, CONNECTIONS))?;
    ensure!(made.failed == 0, "{} products were refused", made.failed);
    let paths = ASKED
        .iter()
        .map(|query| format!("/api/products?limit=60&{query}"))
        .collect();
    let answered = runtime.block_on(paced(xoay.address, paths, PACE, FOR))?;
    ensure!(answered.failed == 0, "{} searches failed", answered.failed);
    println!(
        "| search over {PRODUCTS} products on {database}, {PACE}/s: p50, p99 | {:.1} ms, {:.1} ms | – | – | p99 ≤ {goal_ms} ms |",
        answered.quantile_ms(0.5),
        answered.quantile_ms(0.99)
    );
    Ok(())
}

fn product(number: usize) -> String {
    let (vi, en, category) = GOODS[number % GOODS.len()];
    let kind = KINDS[number / 7 % KINDS.len()];
    let (commune, province) = COMMUNES[number / 13 % COMMUNES.len()];
    json!({
        "name": { "vi": format!("{vi} {kind} {number}"), "en": format!("{en} {number}") },
        "producer": { "vi": format!("Hợp tác xã {}", number % 500) },
        "commune": { "vi": commune },
        "province": province,
        "category": category,
        "rating": { "stars": 3 + number % 3, "year": 2026 },
        "story": { "vi": format!("{vi} {kind} làm theo cách của cha ông ở {commune}.") },
    })
    .to_string()
}
