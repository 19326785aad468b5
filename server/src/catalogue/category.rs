use serde::{Deserialize, Serialize};
use xoay_format::Text;

/// The six groups of products that Vietnam's OCOP programme knows (Decision 26/2026/QĐ-TTg).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Food.
    Food,
    /// Drinks.
    Drinks,
    /// Medicinal herbs.
    Herbs,
    /// Handicraft.
    Handicraft,
    /// Ornamental plants and animals.
    Ornamental,
    /// Community tourism.
    Tourism,
}

impl Category {
    /// All, in the order of the decision.
    pub const ALL: [Self; 6] = [
        Self::Food,
        Self::Drinks,
        Self::Herbs,
        Self::Handicraft,
        Self::Ornamental,
        Self::Tourism,
    ];

    /// Its name in the database and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Food => "food",
            Self::Drinks => "drinks",
            Self::Herbs => "herbs",
            Self::Handicraft => "handicraft",
            Self::Ornamental => "ornamental",
            Self::Tourism => "tourism",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// What to call it in front of people.
    #[must_use]
    pub fn title(self) -> Text {
        match self {
            Self::Food => Text::new("Thực phẩm", "Food"),
            Self::Drinks => Text::new("Đồ uống", "Drinks"),
            Self::Herbs => Text::new("Dược liệu", "Medicinal herbs"),
            Self::Handicraft => Text::new("Thủ công mỹ nghệ", "Handicraft"),
            Self::Ornamental => Text::new("Sinh vật cảnh", "Ornamental plants and animals"),
            Self::Tourism => Text::new("Du lịch cộng đồng", "Community tourism"),
        }
    }
}
