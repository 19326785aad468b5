// The few things that the loader and its features do with the DOM. Put into the loader by the build.

/** Makes an element; attributes that are functions become listeners, null ones are left out. */
export function make(tag, attributes, ...children) {
  const svg = /^(svg|path|line|g)$/.test(tag);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A picture of strokes, 24 by 24. */
export const icon = (d) => make('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, make('path', { d }));

const sheets = {};

/** Adds a style sheet to a shadow root, by a way that strict policies permit. */
export function style(root, css) {
  try {
    if (!sheets[css]) (sheets[css] = new CSSStyleSheet()).replaceSync(css);
    if (!root.adoptedStyleSheets.includes(sheets[css])) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheets[css]];
  } catch (_) {
    root.append(make('style', null, css));
  }
}

/** The text of a manifest's bilingual field, in `lang` or else in the other language. */
export const pick = (both, lang) => (both && (both[lang] || both.vi || both.en)) || '';
