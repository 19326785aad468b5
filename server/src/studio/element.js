// Builds elements without ever parsing HTML from data.

/** The page's language, "vi" or "en". */
export const language = document.documentElement.lang === "vi" ? "vi" : "en";

/** The wording in the page's language. */
export const t = (vi, en) => (language === "vi" ? vi : en);

/** A text in both languages, in the page's language or the other one. */
export const localised = (text) => (text && (text[language] || text.vi || text.en)) || "";

/** So many of something: "1 photo", "3 photos", "3 ảnh". */
export const counted = (count, vi, one, many) => `${count} ${t(vi, count === 1 ? one : many)}`;

/** An element with properties (`on…` are listeners, others attributes) and children. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Bytes for people. */
export function bytes(count) {
  const format = (value, unit) => `${new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value)} ${unit}`;
  if (count >= 1e9) return format(count / 1e9, "GB");
  if (count >= 1e6) return format(count / 1e6, "MB");
  return format(count / 1e3, "kB");
}

/** A duration for people: "about 2 minutes". */
export function duration(seconds) {
  if (seconds < 60) return t(`${Math.max(1, Math.ceil(seconds))} giây`, `${Math.max(1, Math.ceil(seconds))} s`);
  return t(`${Math.ceil(seconds / 60)} phút`, `${Math.ceil(seconds / 60)} min`);
}

/** A bar with a label on the left and a note on the right; `set(value, max, label, note)`. */
export function meter(label) {
  const left = element("span", {}, label);
  const right = element("span");
  const bar = element("progress", { max: 1, "aria-label": label });
  const root = element("div", { class: "meter" }, element("div", { class: "row" }, left, right), bar);
  return {
    root,
    set(value, max, text, note = "") {
      left.textContent = text;
      right.textContent = note;
      bar.setAttribute("aria-label", text);
      bar.max = Math.max(1, max);
      if (max > 0) bar.value = value;
      else bar.removeAttribute("value");
    },
  };
}
