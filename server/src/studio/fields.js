// What is said of a product: the fields of a new one and of one that is there.
import { call } from "./api.js";
import { element, localised, t } from "./element.js";

// Codes of Decision 19/2025/QĐ-TTg, as the service knows them.
export const PROVINCES = {
  "01": "Hà Nội", "04": "Cao Bằng", "08": "Tuyên Quang", 11: "Điện Biên", 12: "Lai Châu", 14: "Sơn La", 15: "Lào Cai", 19: "Thái Nguyên",
  20: "Lạng Sơn", 22: "Quảng Ninh", 24: "Bắc Ninh", 25: "Phú Thọ", 31: "Hải Phòng", 33: "Hưng Yên", 37: "Ninh Bình", 38: "Thanh Hóa",
  40: "Nghệ An", 42: "Hà Tĩnh", 44: "Quảng Trị", 46: "Huế", 48: "Đà Nẵng", 51: "Quảng Ngãi", 52: "Gia Lai", 56: "Khánh Hòa", 66: "Đắk Lắk",
  68: "Lâm Đồng", 75: "Đồng Nai", 79: "Thành phố Hồ Chí Minh", 80: "Tây Ninh", 82: "Đồng Tháp", 86: "Vĩnh Long", 91: "An Giang", 92: "Cần Thơ", 96: "Cà Mau",
};
export const CATEGORIES = {
  food: t("Thực phẩm", "Food"),
  drinks: t("Đồ uống", "Drinks"),
  herbs: t("Dược liệu", "Medicinal herbs"),
  handicraft: t("Thủ công mỹ nghệ", "Handicraft"),
  ornamental: t("Sinh vật cảnh", "Ornamental plants and animals"),
  tourism: t("Du lịch cộng đồng", "Community tourism"),
};
export const STARS = { 3: "★★★", 4: "★★★★", 5: "★★★★★" };

/** Options of a select, sorted by what people read, the empty one first. */
export function options(choices, chosen, none) {
  const sorted = Object.entries(choices).sort(([, a], [, b]) => a.localeCompare(b, "vi"));
  return [["", none], ...sorted].map(([value, text]) => element("option", { value, selected: value === String(chosen ?? "") }, text));
}

const problem = (message) => element("p", { class: "problem", role: "alert" }, message);

/** Offers the producers that are there; without them the field takes any name all the same. */
function suggest(list) {
  call("GET", "/api/producers?limit=100")
    .then(({ producers }) => list.replaceChildren(...producers.map((one) => element("option", { value: one.name.vi }, localised(one.commune)))))
    .catch(() => {});
}

/** A form over a product's fields. `product` is nothing for a new one; `saved` gets the service's answer. */
export function fields(product, organisations, saved) {
  const known = product || {};
  const text = (name, language) => known[name]?.[language] || "";
  const input = (name, label, properties = {}) => element("label", {}, label, element("input", { name, maxlength: 200, autocomplete: "off", ...properties }));
  const area = (name, label, value) => {
    const made = element("textarea", { name, rows: 4, maxlength: 8000, class: "prose" });
    made.value = value;
    return element("label", { class: "wide" }, label, made);
  };
  const select = (name, label, choices, chosen) => element("label", {}, label, element("select", { name }, ...options(choices, chosen, "–")));
  const owners = !product && organisations.length > 1 ? [element("label", {}, t("Tổ chức", "Organisation"), element("select", { name: "organisation" }, ...organisations.map((one) => element("option", { value: one.id }, localised(one.name)))))] : [];
  const answer = element("div", { "aria-live": "polite" });
  const suggestions = element("datalist", { id: `producers-${known.id || "new"}` });
  suggest(suggestions);
  const more = element("details", { open: !!product }, element("summary", {}, t("Xuất xứ, mã vạch, hạng sao, câu chuyện", "Origin, barcode, stars, story")),
    element("div", { class: "fields" },
      select("province", t("Tỉnh, thành phố", "Province"), PROVINCES, known.province),
      input("communeCode", t("Mã xã, phường (5 chữ số)", "Commune's code (5 digits)"), { value: known.communeCode || "", inputmode: "numeric", pattern: "[0-9]{5}", maxlength: 5 }),
      select("category", t("Nhóm sản phẩm", "Group"), CATEGORIES, known.category),
      input("gtin", t("Mã vạch (GTIN)", "Barcode number (GTIN)"), { value: known.gtin || "", inputmode: "numeric", pattern: "[0-9]{8}|[0-9]{12,14}", maxlength: 14 }),
      select("stars", t("Hạng OCOP", "OCOP stars"), STARS, known.rating?.stars),
      input("year", t("Năm công nhận", "Year of the decision"), { value: known.rating?.year || "", type: "number", min: 2018, max: 2100 }),
      area("story.vi", t("Câu chuyện, tiếng Việt", "Story, in Vietnamese"), text("story", "vi")),
      area("story.en", t("Câu chuyện, tiếng Anh", "Story, in English"), text("story", "en"))));
  const form = element("form", { class: "panel" },
    element("h2", {}, product ? t("Thông tin sản phẩm", "What is said of it") : t("Sản phẩm mới", "New product")),
    element("div", { class: "fields" }, ...owners,
      input("name.vi", t("Tên tiếng Việt", "Name in Vietnamese"), { required: true, value: text("name", "vi") }), input("name.en", t("Tên tiếng Anh", "Name in English"), { value: text("name", "en") }),
      suggestions, input("producer.vi", t("Cơ sở sản xuất", "Producer, in Vietnamese"), { value: text("producer", "vi"), list: suggestions.id }), input("producer.en", t("Cơ sở sản xuất, tiếng Anh", "Producer, in English"), { value: text("producer", "en") }),
      input("commune.vi", t("Xã, phường", "Commune, in Vietnamese"), { value: text("commune", "vi") }), input("commune.en", t("Xã, phường, tiếng Anh", "Commune, in English"), { value: text("commune", "en") })),
    more, answer,
    element("div", { class: "actions" }, element("button", {}, product ? t("Lưu", "Save") : t("Tạo sản phẩm", "Add the product"))));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const both = (name) => ({ vi: data.get(`${name}.vi`).trim(), en: data.get(`${name}.en`).trim() });
    const given = (name) => data.get(name)?.trim() || undefined;
    const body = {
      name: both("name"), producer: both("producer"), commune: both("commune"), story: both("story"),
      organisation: given("organisation"), province: given("province"), communeCode: given("communeCode"), category: given("category"), gtin: given("gtin"),
      rating: given("stars") || given("year") ? { stars: Number(data.get("stars")), year: Number(data.get("year")) } : undefined,
    };
    answer.replaceChildren();
    try {
      saved(await (product ? call("PUT", `/api/products/${product.id}`, body) : call("POST", "/api/products", body)));
      if (product) answer.replaceChildren(element("p", { role: "status", class: "good" }, t("Đã lưu.", "Saved.")));
    } catch (refusal) {
      answer.replaceChildren(problem(refusal.message));
    }
  });
  return form;
}
