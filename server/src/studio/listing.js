// The list of products: searched, filtered, and continued page by page.
import { call } from "./api.js";
import { counted, element, localised, t } from "./element.js";
import { CATEGORIES, PROVINCES, STARS, options } from "./fields.js";

const PAGE = 60;
/** So long after the last key is searched. */
const PAUSE_MS = 250;

export const state = (name) => element("span", { class: `badge ${name}` }, name === "published" ? t("Đã xuất bản", "Published") : t("Bản nháp", "Draft"));

function card(product) {
  const facts = [
    product.photoCount ? counted(product.photoCount, "ảnh", "photo", "photos") : null,
    product.hasModel ? t("có mô hình", "a model") : null,
    product.rating ? `${STARS[product.rating.stars]} ${product.rating.year}` : null,
  ].filter(Boolean);
  const origin = [localised(product.producer), localised(product.commune), PROVINCES[product.province]].filter(Boolean).join(" · ");
  return element("li", {}, element("a", { href: `#/products/${product.id}` },
    element("span", { class: "row" }, element("span", {}, localised(product.name)), state(product.version ? "published" : "draft")),
    element("small", {}, origin || "\u00a0"),
    element("small", {}, facts.join(", ") || (product.version ? "\u00a0" : t("chưa có ảnh", "no photos yet")))));
}

/** Narrows to the producers that are there; the address may name one. */
async function byProducer(form) {
  const { producers } = await call("GET", "/api/producers?limit=100");
  const named = new URLSearchParams(location.search).get("producer") || "";
  if (named && !producers.some((one) => one.id === named)) {
    const one = await call("GET", `/api/producers/${encodeURIComponent(named)}`).catch(() => null);
    if (one) producers.unshift(one);
  }
  if (!producers.length) return;
  const label = t("Mọi cơ sở sản xuất", "All producers");
  const names = Object.fromEntries(producers.map((one) => [one.id, localised(one.name)]));
  form.append(element("select", { name: "producer", "aria-label": label }, ...options(names, named, label)));
}

/** The search form and the list below it. `any` tells whether the service holds any product at all. */
export async function listing(who) {
  const list = element("ul", { class: "cards" });
  const told = element("p", { class: "lead", role: "status" });
  const more = element("button", { type: "button", class: "plain", hidden: true }, t("Xem thêm", "Show more"));
  const select = (name, label, choices) => element("select", { name, "aria-label": label }, ...options(choices, "", label));
  const organisations = Object.fromEntries(who.organisations.map((one) => [one.id, localised(one.name)]));
  const form = element("form", { class: "search", role: "search" },
    element("input", { type: "search", name: "q", maxlength: 200, placeholder: t("Tìm: mat ong, dak lak, mã vạch…", "Search: mat ong, dak lak, barcode…"), "aria-label": t("Tìm sản phẩm", "Search products") }),
    select("province", t("Mọi tỉnh", "All provinces"), PROVINCES),
    select("category", t("Mọi nhóm", "All groups"), CATEGORIES),
    select("stars", t("Mọi hạng sao", "Any stars"), STARS),
    select("state", t("Mọi tình trạng", "Any state"), { draft: t("Bản nháp", "Draft"), published: t("Đã xuất bản", "Published") }),
    who.organisations.length > 1 ? select("organisation", t("Mọi tổ chức", "All organisations"), organisations) : null);
  await byProducer(form);
  let next = null;
  let asked = 0;
  let shown = 0;
  const load = async (before) => {
    const mine = ++asked;
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    const narrowed = query.size > 0;
    query.set("limit", PAGE);
    if (before) query.set("before", before);
    const page = await call("GET", `/api/products?${query}`);
    // An answer that a later question overtook is of no interest.
    if (mine !== asked) return narrowed;
    const cards = page.products.map(card);
    shown = before ? shown + cards.length : cards.length;
    if (before) {
      list.append(...cards);
      cards[0]?.querySelector("a").focus();
    } else list.replaceChildren(...cards);
    next = page.next || null;
    more.hidden = !next;
    told.textContent = !narrowed ? "" : !shown ? t("Không có sản phẩm nào như vậy.", "There is no such product.") : next ? t(`Hơn ${shown} sản phẩm`, `More than ${shown} products`) : counted(shown, "sản phẩm", "product", "products");
    return narrowed;
  };
  const refused = (refusal) => { told.textContent = refusal.message; };
  let pause = 0;
  form.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => load().catch(refused), PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    load().catch(refused);
  });
  more.addEventListener("click", () => load(next).catch(refused));
  // Where the address narrows, an empty list says nothing of the service.
  const narrowed = await load();
  return { any: shown > 0 || narrowed, parts: [form, told, list, element("div", { class: "actions" }, more)] };
}
