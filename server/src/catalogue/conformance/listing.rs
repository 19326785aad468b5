//! Laws of lists: words, filters, pages.

use xoay_format::Text;

use super::{Place, product};
use crate::Error;
use crate::catalogue::{
    Category, NewProduct, OrganisationId, ProductId, Province, PublicState, Rating, Reach, Records,
    Wanted, fold, generated,
};

/// All ids that a question finds, page after page.
async fn found(catalogue: &dyn Records, mut wanted: Wanted) -> Vec<ProductId> {
    let mut ids = Vec::new();
    loop {
        let page = catalogue.products(&wanted).await.unwrap();
        assert!(page.products.len() <= wanted.limit as usize);
        ids.extend(page.products.iter().map(|found| found.product.id));
        wanted.before = page.next;
        if page.next.is_none() {
            return ids;
        }
    }
}

fn asking(words: &str) -> Wanted {
    Wanted {
        words: words.into(),
        ..Wanted::newest(1000)
    }
}

pub(super) async fn words_are_found_without_accents_and_by_their_beginnings(place: &Place) {
    let catalogue = place.open().await;
    let honey = NewProduct {
        name: Text::new("Mật ong hoa cà phê", "Coffee blossom honey"),
        producer: Text::new("HTX Ea Kao", ""),
        province: Province::with_code("66"),
        gtin: Some("8935049501503".parse().unwrap()),
        category: Some(Category::Food),
        rating: Some(Rating {
            stars: 4,
            year: 2025,
        }),
        ..NewProduct::default()
    };
    let honey = catalogue.create_product(&honey).await.unwrap();
    let other = product(&*catalogue).await;
    for words in [
        "mat ong",
        "MẬT ONG",
        "ong mat",
        "ma on",
        "dak lak",
        "Đắk",
        "ea kao coffee",
        "8935049501503",
        "thuc pham",
        "\"mật\" * (ong) -",
        "mat\0 ong",
        "cà-phê",
    ] {
        let ids = found(&*catalogue, asking(words)).await;
        assert!(ids.contains(&honey.id), "{words:?}");
        assert_eq!(
            ids.contains(&other),
            fold(words).split(' ').all(|w| "mat ong honey".contains(w)),
            "{words:?}"
        );
    }
    for words in [
        "at",
        "nuoc mam",
        "mat ong nuoc",
        "--",
        "'",
        "AND",
        "mat OR nuoc",
        "(",
        "%",
        "\\",
    ] {
        assert!(
            !found(&*catalogue, asking(words)).await.contains(&honey.id),
            "{words:?}"
        );
    }
    // What a change takes away is found no more; what it brings is.
    let tea = NewProduct {
        name: Text::new("Trà", "Tea"),
        ..NewProduct::default()
    };
    let changed = catalogue.update_product(honey.id, &tea).await.unwrap();
    assert_eq!(
        (changed.slug.as_str(), changed.gtin),
        ("mat-ong-hoa-ca-phe", None)
    );
    assert_eq!(
        catalogue.product(honey.id).await.unwrap().unwrap().name,
        tea.name
    );
    assert_eq!(found(&*catalogue, asking("tra")).await, [honey.id]);
    assert!(found(&*catalogue, asking("dak lak")).await.is_empty());
    let absent = catalogue.update_product(ProductId::fresh(), &tea).await;
    assert!(matches!(absent, Err(Error::NoSuchProduct { .. })));
}

/// What a list must hold, looked for one by one.
fn expected(all: &[(ProductId, NewProduct)], keep: impl Fn(&NewProduct) -> bool) -> Vec<ProductId> {
    let mut ids: Vec<_> = all
        .iter()
        .filter(|(_, product)| keep(product))
        .map(|(id, _)| *id)
        .collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}

/// Whether a product holds all of the words. Said here again, so that the oracle shares no code with the index.
fn holds(product: &NewProduct, wanted: &[&str]) -> bool {
    let category = product.category.unwrap().title();
    let text = [
        &product.name.vi,
        &product.name.en,
        &product.producer.vi,
        &product.commune.vi,
        &product.commune.en,
        product.province.unwrap().name(),
        &category.vi,
        &category.en,
        product.slug.as_deref().unwrap(),
    ]
    .join(" ")
    .replace('-', " ");
    let text = fold(&text);
    wanted
        .iter()
        .all(|wanted| text.split(' ').any(|word| word.starts_with(wanted)))
}

pub(super) async fn fifteen_thousand_products_are_searched_filtered_and_paged(place: &Place) {
    const COUNT: u32 = 15_000;
    let catalogue = place.open().await;
    let new: Vec<NewProduct> = generated(COUNT).collect();
    let mut all = Vec::new();
    for batch in new.chunks(1500) {
        let ids = catalogue.create_products(batch).await.unwrap();
        all.extend(ids.into_iter().zip(batch.iter().cloned()));
    }
    assert_eq!(
        found(&*catalogue, Wanted::newest(1000)).await,
        expected(&all, |_| true)
    );
    for (words, folded) in [
        ("mật ong", vec!["mat", "ong"]),
        ("dak lak", vec!["dak", "lak"]),
        (
            "Gốm Bát Tràng hữu cơ",
            vec!["gom", "bat", "trang", "huu", "co"],
        ),
        ("số 149", vec!["so", "149"]),
        ("xa 9", vec!["xa", "9"]),
        ("drin", vec!["drin"]),
        ("nước mắm zz", vec!["nuoc", "mam", "zz"]),
    ] {
        let right = expected(&all, |product| holds(product, &folded));
        assert_eq!(right.is_empty(), words.contains("zz"), "{words}");
        for limit in [97, 1000] {
            let wanted = Wanted {
                limit,
                ..asking(words)
            };
            assert_eq!(
                found(&*catalogue, wanted).await,
                right,
                "{words} by {limit}"
            );
        }
    }
    filters_narrow(&*catalogue, &all).await;
}

async fn filters_narrow(catalogue: &dyn Records, all: &[(ProductId, NewProduct)]) {
    let lang_son = Province::with_code("20");
    let wanted = Wanted {
        province: lang_son,
        category: Some(Category::Drinks),
        stars: Some(4),
        ..asking("tra")
    };
    let right = expected(all, |product| {
        product.province == lang_son
            && product.category == Some(Category::Drinks)
            && product.rating.is_some_and(|rating| rating.stars == 4)
            && holds(product, &["tra"])
    });
    assert!(!right.is_empty());
    assert_eq!(found(catalogue, wanted.clone()).await, right);
    catalogue.publish(right[0], "{}").await.unwrap();
    let state = |state| Wanted {
        state: Some(state),
        ..wanted.clone()
    };
    assert_eq!(
        found(catalogue, state(PublicState::Published)).await,
        right[..1]
    );
    assert_eq!(
        found(catalogue, state(PublicState::Draft)).await,
        right[1..]
    );
    let reach = |reach| Wanted {
        reach,
        ..wanted.clone()
    };
    assert_eq!(
        found(catalogue, reach(Reach::Of(vec![OrganisationId::HOUSE]))).await,
        right
    );
    assert!(
        found(catalogue, reach(Reach::Of(vec![OrganisationId::fresh()])))
            .await
            .is_empty()
    );
    assert!(
        found(catalogue, reach(Reach::Of(Vec::new())))
            .await
            .is_empty()
    );
}
