//! Laws of producers, of captures, and of what older databases keep.

use xoay_format::Text;

use super::{LEASE, Place, photo, product, spin};
use crate::Error;
use crate::catalogue::{
    CaptureId, JobKind, NewCapture, NewProducer, NewProduct, OrganisationId, ProducerId, ProductId,
    Reach, Records, UploadLimits, Wanted, WantedProducers,
};

fn cooperative(name: &str) -> NewProducer {
    NewProducer {
        name: Text::new(name, ""),
        ..NewProducer::default()
    }
}

fn made_by(name: &str, producer: Text) -> NewProduct {
    NewProduct {
        name: Text::new(name, ""),
        producer,
        ..NewProduct::default()
    }
}

fn asking(words: &str) -> WantedProducers {
    WantedProducers {
        reach: Reach::All,
        words: words.into(),
        organisation: None,
        before: None,
        limit: 10,
    }
}

async fn found(records: &dyn Records, wanted: &WantedProducers) -> Vec<ProducerId> {
    let page = records.producers(wanted).await.unwrap();
    page.producers.into_iter().map(|one| one.id).collect()
}

pub(super) async fn a_product_bears_its_producers_name(place: &Place) {
    let records = place.open().await;
    let new = NewProducer {
        registration_code: Some("0100233488".parse().unwrap()),
        ..cooperative("HTX Hồng Nam")
    };
    let made = records.create_producer(&new).await.unwrap();
    assert_eq!(
        (made.organisation, made.product_count),
        (OrganisationId::HOUSE, 0)
    );
    let by_id = NewProduct {
        producer_id: Some(made.id),
        ..made_by("Long nhãn", Text::new("is not read", ""))
    };
    let longan = records.create_product(&by_id).await.unwrap();
    assert_eq!(
        (longan.producer_id, &longan.producer),
        (Some(made.id), &made.name)
    );
    // The same name is the same producer; another one is added.
    let honey = made_by("Mật ong", made.name.clone());
    let honey = records.create_product(&honey).await.unwrap();
    assert_eq!(honey.producer_id, Some(made.id));
    let tea = made_by("Trà", Text::new("Tổ hợp tác Tân Cương", ""));
    let tea = records.create_product(&tea).await.unwrap();
    let other = tea.producer_id.unwrap();
    assert_ne!(other, made.id);
    let nobody = records
        .create_product(&made_by("Gốm", Text::default()))
        .await
        .unwrap();
    assert_eq!(nobody.producer_id, None);
    // A rename reaches the products, and what they are found by.
    let renamed = NewProducer {
        name: Text::new("Hợp tác xã Phố Hiến", "Pho Hien Co-op"),
        ..new.clone()
    };
    let renamed = records.update_producer(made.id, &renamed).await.unwrap();
    assert_eq!(renamed.product_count, 2);
    let bears = records.product(honey.id).await.unwrap().unwrap();
    assert_eq!(bears.producer, renamed.name);
    let of = |words: &str, producer| Wanted {
        words: words.into(),
        producer,
        ..Wanted::newest(10)
    };
    let listed = async |wanted: Wanted| {
        let page = records.products(&wanted).await.unwrap();
        page.products
            .iter()
            .map(|one| one.product.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(of("pho hien", None)).await, [honey.id, longan.id]);
    assert!(listed(of("hong nam", None)).await.is_empty());
    assert_eq!(listed(of("", Some(made.id))).await, [honey.id, longan.id]);
    assert_eq!(listed(of("", Some(other))).await, [tea.id]);
    assert!(listed(of("", Some(ProducerId::fresh()))).await.is_empty());
    // One with products stays; a product that is given to another sets it free.
    let kept = records.delete_producer(other).await;
    assert!(matches!(kept, Err(Error::ProducerInUse { products: 1 })));
    let moved = NewProduct {
        producer_id: Some(made.id),
        ..made_by("Trà", Text::default())
    };
    records.update_product(tea.id, &moved).await.unwrap();
    assert!(records.delete_producer(other).await.unwrap());
    assert!(!records.delete_producer(other).await.unwrap());
    assert!(records.producer(other).await.unwrap().is_none());
    // An update without a word about the producer takes it away, as of everything else.
    let orphan = made_by("Trà", Text::default());
    let orphan = records.update_product(tea.id, &orphan).await.unwrap();
    assert_eq!(
        (orphan.producer_id, orphan.producer.is_empty()),
        (None, true)
    );
    let absent = NewProduct {
        producer_id: Some(other),
        ..made_by("Trà", Text::default())
    };
    for refused in [
        records.create_product(&absent).await,
        records.update_product(tea.id, &absent).await,
    ] {
        assert!(matches!(refused, Err(Error::NoSuchProducer { .. })));
    }
}

pub(super) async fn producers_belong_to_organisations_and_codes_to_one_of_them(place: &Place) {
    let records = place.open().await;
    let name = Text::new("Tỉnh bạn", "Neighbours");
    let theirs = records
        .create_organisation("neighbours", &name)
        .await
        .unwrap()
        .id;
    let code = NewProducer {
        registration_code: Some("0100233488".parse().unwrap()),
        ..cooperative("HTX Hồng Nam")
    };
    let ours = records.create_producer(&code).await.unwrap();
    let taken = records.create_producer(&code).await;
    assert!(matches!(taken, Err(Error::RegistrationTaken { .. })));
    let twin = records
        .create_producer(&cooperative("HTX Hồng Nam"))
        .await
        .unwrap();
    let taken = records.update_producer(twin.id, &code).await;
    assert!(matches!(taken, Err(Error::RegistrationTaken { .. })));
    let neighbour = NewProducer {
        organisation: Some(theirs),
        ..code.clone()
    };
    let neighbour = records.create_producer(&neighbour).await.unwrap();
    // A product takes no producer of another organisation, by id or by name.
    let foreign = NewProduct {
        organisation: Some(theirs),
        producer_id: Some(ours.id),
        ..made_by("Trà", Text::default())
    };
    let refused = records.create_product(&foreign).await;
    assert!(matches!(refused, Err(Error::NoSuchProducer { .. })));
    let named = NewProduct {
        producer_id: None,
        producer: ours.name.clone(),
        ..foreign
    };
    let named = records.create_product(&named).await.unwrap();
    assert_eq!(named.producer_id, Some(neighbour.id));
    for words in ["hong nam", "HỒNG", "htx ho", "0100233488"] {
        assert!(
            found(&*records, &asking(words)).await.contains(&ours.id),
            "{words}"
        );
    }
    for words in ["ong", "nam dinh", "--", "%", "hong_nam\0"] {
        let found = found(&*records, &asking(words)).await;
        assert_eq!(found.is_empty(), words != "hong_nam\0", "{words:?}");
    }
    let of = |reach, organisation| WantedProducers {
        reach,
        organisation,
        ..asking("")
    };
    assert_eq!(
        found(&*records, &of(Reach::Of(vec![theirs]), None)).await,
        [neighbour.id]
    );
    assert_eq!(
        found(&*records, &of(Reach::All, Some(theirs))).await,
        [neighbour.id]
    );
    assert!(
        found(&*records, &of(Reach::Of(Vec::new()), None))
            .await
            .is_empty()
    );
    let first = WantedProducers {
        limit: 2,
        ..asking("")
    };
    let page = records.producers(&first).await.unwrap();
    let rest = WantedProducers {
        before: page.next,
        ..first
    };
    let rest = found(&*records, &rest).await;
    assert_eq!((page.producers.len(), rest), (2, vec![ours.id]));
}

pub(super) async fn photos_belong_to_captures_and_the_newest_is_the_current_one(place: &Place) {
    let records = place.open().await;
    let id = product(&*records).await;
    let limits = UploadLimits {
        photos: 3,
        ..UploadLimits::default()
    };
    let put = async |capture, name| records.put_photo(capture, &photo(name, 5), &limits).await;
    let first = records.current_capture(id).await.unwrap();
    put(first, "1.jpg").await.unwrap();
    let new = NewCapture {
        taken_on: Some("2026-11-22".into()),
        note: "đèn mới".into(),
    };
    let second = records.create_capture(id, &new).await.unwrap();
    assert_eq!(
        (second.number, second.taken_on.as_deref()),
        (2, Some("2026-11-22"))
    );
    assert_eq!(records.current_capture(id).await.unwrap(), second.id);
    put(second.id, "1.jpg").await.unwrap();
    put(second.id, "2.jpg").await.unwrap();
    // The product's limits count all of its captures; a photo that replaces one counts once.
    assert!(matches!(
        put(first, "2.jpg").await,
        Err(Error::TooManyPhotos { .. })
    ));
    put(first, "1.jpg").await.unwrap();
    let listed = records.captures(id).await.unwrap();
    let counts: Vec<_> = listed
        .iter()
        .map(|one| (one.number, one.photo_count))
        .collect();
    assert_eq!(counts, [(2, 2), (1, 1)]);
    let summary = records.products(&Wanted::newest(1)).await.unwrap();
    assert_eq!(summary.products[0].photo_count, 3);
    assert!(records.delete_photo(second.id, "1.jpg").await.unwrap());
    assert_eq!(records.photos(first).await.unwrap().len(), 1);
    let changed = NewCapture::default();
    let changed = records
        .update_capture(id, second.id, &changed)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((changed.taken_on, changed.photo_count), (None, 1));
    let other = product(&*records).await;
    let stranger = records
        .update_capture(other, second.id, &new)
        .await
        .unwrap();
    assert_eq!(stranger, None);
    for (refused, of) in [
        (second.id, id),
        (records.current_capture(other).await.unwrap(), other),
    ] {
        let refused = records.delete_capture(of, refused).await;
        assert!(matches!(refused, Err(Error::CaptureInUse)));
    }
    assert!(records.delete_photo(second.id, "2.jpg").await.unwrap());
    assert!(records.delete_capture(id, second.id).await.unwrap());
    assert!(!records.delete_capture(id, second.id).await.unwrap());
    assert_eq!(records.current_capture(id).await.unwrap(), first);
    let gone = put(second.id, "1.jpg").await;
    assert!(matches!(gone, Err(Error::NoSuchCapture { .. })));
    let nobody = records.create_capture(ProductId::fresh(), &new).await;
    assert!(matches!(nobody, Err(Error::NoSuchProduct { .. })));
    assert!(matches!(
        records.current_capture(ProductId::fresh()).await,
        Err(Error::NoSuchProduct { .. })
    ));
}

pub(super) async fn each_capture_has_a_spin_of_its_own(place: &Place) {
    let records = place.open().await;
    let id = product(&*records).await;
    let first = records.current_capture(id).await.unwrap();
    let old = records.enqueue(id, JobKind::Spin).await.unwrap();
    assert_eq!(old.capture_id, Some(first));
    let second = records
        .create_capture(id, &NewCapture::default())
        .await
        .unwrap()
        .id;
    let new = records.enqueue(id, JobKind::Spin).await.unwrap();
    assert_eq!(new.capture_id, Some(second));
    let from = async |capture: CaptureId| {
        records
            .enqueue_from(id, JobKind::Spin, Some(capture))
            .await
            .unwrap()
            .id
    };
    assert_eq!((from(first).await, from(second).await), (old.id, new.id));
    let model = records
        .enqueue_from(id, JobKind::Model, Some(first))
        .await
        .unwrap();
    assert_eq!(model.capture_id, Some(first));
    let uploaded = records.enqueue(id, JobKind::Model).await.unwrap();
    assert_eq!(
        (uploaded.capture_id, uploaded.id == model.id),
        (None, false)
    );
    let in_work = records.delete_capture(id, second).await;
    assert!(matches!(in_work, Err(Error::CaptureInUse)));
    let claim = records.claim(LEASE).await.unwrap().unwrap();
    assert_eq!((claim.job.id, claim.job.capture_id), (old.id, Some(first)));
    assert!(records.complete(&claim, &spin(1)).await.unwrap());
    assert_ne!(from(first).await, old.id);
    assert_eq!(from(second).await, new.id);
}

pub(super) async fn an_older_database_keeps_its_producers_and_photos(place: &Place) {
    place.make_at(20).await;
    let product = |number: u8, producer: &str| {
        format!(
            "INSERT INTO products (id, slug, name_vi, name_en, producer_vi, producer_en, commune_vi, commune_en,
             created_ms, updated_ms) VALUES ('0190f000-0000-7000-8000-00000000000{number}', 'p{number}', 'Mật ong', '',
             '{producer}', '', '', '', 1732000000000, 1732000000000)"
        )
    };
    let object = format!("{}.jpg", "ab".repeat(32));
    for sql in [
        product(1, "HTX Hồng Nam"),
        product(2, "HTX Hồng Nam"),
        product(3, "htx hồng nam"),
        product(4, ""),
        format!(
            "INSERT INTO photos (product_id, name, object, size_bytes, created_ms)
             VALUES ('0190f000-0000-7000-8000-000000000001', '1.jpg', '{object}', 5, 1732000000000)"
        ),
        "INSERT INTO jobs (id, product_id, kind, state, run_after_ms, created_ms)
         VALUES ('0190f000-0000-7000-8000-000000000011', '0190f000-0000-7000-8000-000000000001', 'spin', 'queued', 0, 0)"
            .to_owned(),
        "INSERT INTO uploads (id, product_id, kind, name, length_bytes, created_ms, expires_ms)
         VALUES ('0190f000-0000-7000-8000-000000000021', '0190f000-0000-7000-8000-000000000001', 'photo', '2.jpg', 9, 0,
                 4000000000000)"
            .to_owned(),
    ] {
        place.execute(&sql).await;
    }
    let records = place.open().await;
    let ids: Vec<ProductId> = (1..=4)
        .map(|number| {
            format!("0190f000-0000-7000-8000-00000000000{number}")
                .parse()
                .unwrap()
        })
        .collect();
    let mut producers = Vec::new();
    for id in &ids {
        let product = records.product(*id).await.unwrap().unwrap();
        assert_eq!(product.producer_id.is_some(), !product.producer.is_empty());
        producers.push(product.producer_id);
    }
    // One name is one producer, as it is spelled.
    assert_eq!(producers[0], producers[1]);
    assert_ne!(producers[0], producers[2]);
    let first = records
        .producer(producers[0].unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (first.name.vi.as_str(), first.product_count),
        ("HTX Hồng Nam", 2)
    );
    assert_eq!(first.created_at.unix_timestamp(), 1_732_000_000);
    assert_eq!(found(&*records, &asking("hong nam")).await.len(), 2);
    for id in &ids {
        let captures = records.captures(*id).await.unwrap();
        assert_eq!(captures.len(), 1);
        assert_eq!(captures[0].photo_count, u32::from(*id == ids[0]));
    }
    let capture = records.current_capture(ids[0]).await.unwrap();
    let photos = records.photos(capture).await.unwrap();
    assert_eq!(photos[0].upload.key.file_name(), object);
    let uploads = records.uploads(ids[0]).await.unwrap();
    assert_eq!(uploads[0].file.capture_id, Some(capture));
    let claim = records.claim(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.job.capture_id, Some(capture));
}
