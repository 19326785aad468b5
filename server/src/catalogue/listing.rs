//! What a list of products is asked for.

use super::{Category, OrganisationId, ProducerId, ProductId, ProductSummary, Province, fold};

/// Longest text that is searched for, in words; further words would only narrow what is found already.
const WORDS: usize = 12;
/// Longest word in characters: longer ones are cut, and still found by their beginning.
const WORD_CHARS: usize = 40;

/// Whether a product is public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicState {
    /// It has a publication.
    Published,
    /// It has none yet.
    Draft,
}

impl PublicState {
    /// The one with this name in the API.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "published" => Some(Self::Published),
            "draft" => Some(Self::Draft),
            _ => None,
        }
    }
}

/// Whose products may be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of all organisations.
    All,
    /// Those of these only.
    Of(Vec<OrganisationId>),
}

/// Which products are asked for. What is absent does not narrow.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whose may be seen at all.
    pub reach: Reach,
    /// Words that the product's texts hold or begin with, whatever their case and marks.
    pub words: String,
    /// Where it comes from.
    pub province: Option<Province>,
    /// What it is.
    pub category: Option<Category>,
    /// How many stars it has.
    pub stars: Option<u8>,
    /// Whose it is.
    pub organisation: Option<OrganisationId>,
    /// Whether it is public.
    pub state: Option<PublicState>,
    /// Who makes it.
    pub producer: Option<ProducerId>,
    /// Only what was added before this one: the last of the page before.
    pub before: Option<ProductId>,
    /// At most so many.
    pub limit: u32,
}

impl Wanted {
    /// The newest products, whoever's they are.
    #[cfg(test)]
    pub(crate) fn newest(limit: u32) -> Self {
        Self {
            reach: Reach::All,
            words: String::new(),
            province: None,
            category: None,
            stars: None,
            organisation: None,
            state: None,
            producer: None,
            before: None,
            limit,
        }
    }

    /// The folded words that are searched for: letters and digits only, so that no database reads an operator in them.
    /// Nothing where the text has none.
    pub(super) fn searched(&self) -> Option<Vec<String>> {
        searched(&self.words)
    }
}

/// The folded words of a text that is searched for; nothing where nobody searches.
pub(super) fn searched(text: &str) -> Option<Vec<String>> {
    if text.trim().is_empty() {
        return None;
    }
    let words = fold(text)
        .split(' ')
        .filter(|word| !word.is_empty())
        .take(WORDS)
        .map(|word| word.chars().take(WORD_CHARS).collect())
        .collect();
    Some(words)
}

/// Products found, newest first.
#[derive(Clone, Debug)]
pub struct ProductPage {
    /// The products.
    pub products: Vec<ProductSummary>,
    /// What to give as `before` for the next page, where there is one.
    pub next: Option<ProductId>,
}
