//! A small JSON reader: a quarter of the bytes that a general one costs in WebAssembly.

use thiserror::Error;

/// How deep arrays and objects may nest.
const DEEPEST: u32 = 96;

/// A JSON value. Numbers are read within a few units in the last place, enough for manifests and glTF.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`, and what is asked for and absent.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, in the order of the text.
    Object(Vec<(String, Json)>),
}

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not valid JSON at byte {at}")]
pub struct JsonError {
    /// Offset of the first byte that does not fit.
    pub at: usize,
}

static NULL: Json = Json::Null;

impl Json {
    /// Reads a whole text.
    ///
    /// # Errors
    /// Anything that is no JSON, that nests deeper than 96, or that goes on after its end.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        let mut reader = Reader {
            text,
            bytes: text.as_bytes(),
            at: 0,
        };
        let value = reader.value(0)?;
        reader.space();
        if reader.at == text.len() {
            Ok(value)
        } else {
            reader.fail()
        }
    }

    /// A member of an object; `Null` where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &Self {
        match self {
            Self::Object(members) => members
                .iter()
                .find(|(key, _)| key == name)
                .map_or(&NULL, |(_, value)| value),
            _ => &NULL,
        }
    }

    /// The elements of an array; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The number, where it is a whole one that an index can hold.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        let number = self.number()?;
        (number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0)
            .then_some(number as usize)
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `true`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// Whether it is `null` or absent.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn fail<T>(&self) -> Result<T, JsonError> {
        Err(JsonError { at: self.at })
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: u32) -> Result<Json, JsonError> {
        if depth > DEEPEST {
            return self.fail();
        }
        self.space();
        match self.peek() {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => Ok(Json::String(self.string()?)),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, JsonError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            self.fail()
        }
    }

    fn array(&mut self, depth: u32) -> Result<Json, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.eat(b']') {
                return Ok(Json::Array(items));
            }
            if !self.eat(b',') {
                return self.fail();
            }
        }
    }

    fn object(&mut self, depth: u32) -> Result<Json, JsonError> {
        self.at += 1;
        let mut members = Vec::new();
        if self.eat(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            if self.peek() != b'"' {
                return self.fail();
            }
            let name = self.string()?;
            if !self.eat(b':') {
                return self.fail();
            }
            members.push((name, self.value(depth + 1)?));
            if self.eat(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.eat(b',') {
                return self.fail();
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), b'"' | b'\\' | 0..0x20) {
                self.at += 1;
            }
            // The loop stops on ASCII bytes only, which never lie within a character.
            out.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(out);
                }
                b'\\' => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return self.fail(),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => {
                self.at -= 1;
                return self.fail();
            }
        })
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let mut code = self.hex4()?;
        if (0xd800..0xdc00).contains(&code) {
            if !(self.peek() == b'\\' && self.bytes.get(self.at + 1) == Some(&b'u')) {
                return self.fail();
            }
            self.at += 2;
            let low = self.hex4()?;
            if !(0xdc00..0xe000).contains(&low) {
                return self.fail();
            }
            code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        char::from_u32(code).ok_or(JsonError { at: self.at })
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = (self.peek() as char).to_digit(16) else {
                return self.fail();
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    /// Digits gathered in an integer and scaled once: no table of powers, at most a few units in the last place off.
    fn number(&mut self) -> Result<Json, JsonError> {
        let negative = self.peek() == b'-';
        self.at += usize::from(negative);
        let mut mantissa = 0_u64;
        let mut exponent = 0_i32;
        let start = self.at;
        self.digits(&mut mantissa, &mut exponent, 0);
        let whole = self.at - start;
        if whole == 0 || (whole > 1 && self.bytes[start] == b'0') {
            return self.fail();
        }
        if self.peek() == b'.' {
            self.at += 1;
            if self.digits(&mut mantissa, &mut exponent, -1) == 0 {
                return self.fail();
            }
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            let minus = self.peek() == b'-';
            self.at += usize::from(matches!(self.peek(), b'+' | b'-'));
            let (mut power, mut spare) = (0_u64, 0);
            if self.digits(&mut power, &mut spare, 0) == 0 {
                return self.fail();
            }
            let power = power.min(9999) as i32;
            exponent = exponent.saturating_add(if minus { -power } else { power });
        }
        let mut value = mantissa as f64;
        // Two steps, so that the scale itself does not overflow or vanish before the value would.
        for part in [exponent / 2, exponent - exponent / 2] {
            let scale = 10_f64.powi(part.abs());
            value = if part < 0 {
                value / scale
            } else {
                value * scale
            };
        }
        if !value.is_finite() {
            return self.fail();
        }
        Ok(Json::Number(if negative { -value } else { value }))
    }

    fn digits(&mut self, mantissa: &mut u64, exponent: &mut i32, each: i32) -> usize {
        let start = self.at;
        while let digit @ b'0'..=b'9' = self.peek() {
            if *mantissa < u64::MAX / 10 - 1 {
                *mantissa = *mantissa * 10 + u64::from(digit - b'0');
                *exponent = exponent.saturating_add(each);
            } else {
                *exponent = exponent.saturating_add(each + 1);
            }
            self.at += 1;
        }
        self.at - start
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(ours: &Json, theirs: &serde_json::Value) -> bool {
        match (ours, theirs) {
            (Json::Null, serde_json::Value::Null) => true,
            (Json::Bool(a), serde_json::Value::Bool(b)) => a == b,
            (Json::Number(a), serde_json::Value::Number(b)) => {
                let b = b.as_f64().unwrap();
                (a - b).abs() <= 1e-14 * b.abs()
            }
            (Json::String(a), serde_json::Value::String(b)) => a == b,
            (Json::Array(a), serde_json::Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Json::Object(a), serde_json::Value::Object(b)) => {
                a.len() == b.len()
                    && b.iter()
                        .all(|(k, v)| a.iter().any(|(n, x)| n == k && same(x, v)))
            }
            _ => false,
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            (-1e300..1e300_f64).prop_map(Into::into),
            (-1.0..1.0_f64).prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|m| m.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_writes(value in any_json()) {
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                prop_assert!(same(&Json::parse(&text).unwrap(), &value), "{}", text);
            }
        }

        #[test]
        fn it_refuses_what_serde_refuses(text in r#"[\[\]{}",:0-9eE.+\-a\\u nulltrue]{0,24}"#) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            let ours = Json::parse(&text).is_ok();
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }

    #[test]
    fn every_truncated_text_is_an_error() {
        let text = r#"{"a":[1.5e3,true,null,"xu00e9\u00e9\ud83d\ude00"],"b":{}}"#;
        assert!(Json::parse(text).is_ok());
        for end in 0..text.len() {
            assert!(Json::parse(&text[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        assert!(Json::parse(&"[".repeat(1_000_000)).is_err());
    }
}
