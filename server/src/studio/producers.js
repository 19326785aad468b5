// The producers: found by name, place or registration code, added, changed, and on to their products.
import { call } from "./api.js";
import { counted, element, language, localised, t } from "./element.js";
import { PROVINCES, options } from "./fields.js";
import { standing } from "./standing.js";

const main = document.getElementById("producers");
const PAGE = 60;
/** So long after the last key is searched. */
const PAUSE_MS = 250;
const problem = (message) => element("p", { class: "problem", role: "alert" }, message);

/** A form over a producer's fields. `producer` is nothing for a new one; `saved` gets the service's answer. */
function fields(producer, organisations, saved) {
  const known = producer || {};
  const input = (name, label, value, properties = {}) => element("label", {}, label, element("input", { name, maxlength: 200, autocomplete: "off", value: value || "", ...properties }));
  const owners = !producer && organisations.length > 1 ? [element("label", {}, t("Tổ chức", "Organisation"), element("select", { name: "organisation" }, ...organisations.map((one) => element("option", { value: one.id }, localised(one.name)))))] : [];
  const answer = element("div", { "aria-live": "polite" });
  const remove = producer ? element("button", { type: "button", class: "plain" }, t("Xóa", "Delete")) : null;
  const form = element("form", { class: "panel" },
    element("h2", {}, producer ? localised(producer.name) : t("Cơ sở sản xuất mới", "New producer")),
    element("div", { class: "fields" }, ...owners,
      input("name.vi", t("Tên tiếng Việt", "Name in Vietnamese"), known.name?.vi, { required: true }),
      input("name.en", t("Tên tiếng Anh", "Name in English"), known.name?.en),
      input("registrationCode", t("Mã số đăng ký kinh doanh hoặc số định danh", "Business registration or identity number"), known.registrationCode, { pattern: "[0-9]{10}(-[0-9]{3})?|[0-9]{12}", maxlength: 14 }),
      input("address", t("Địa chỉ", "Address"), known.address),
      input("commune.vi", t("Xã, phường", "Commune, in Vietnamese"), known.commune?.vi),
      input("commune.en", t("Xã, phường, tiếng Anh", "Commune, in English"), known.commune?.en),
      input("communeCode", t("Mã xã, phường (5 chữ số)", "Commune's code (5 digits)"), known.communeCode, { inputmode: "numeric", pattern: "[0-9]{5}", maxlength: 5 }),
      element("label", {}, t("Tỉnh, thành phố", "Province"), element("select", { name: "province" }, ...options(PROVINCES, known.province, "–"))),
      input("contact", t("Người liên hệ", "Whom to ask for"), known.contact),
      input("phone", t("Điện thoại", "Telephone"), known.phone, { type: "tel" }),
      input("email", t("Thư điện tử", "E-mail"), known.email, { type: "email" })),
    answer,
    element("div", { class: "actions" }, element("button", {}, producer ? t("Lưu", "Save") : t("Thêm", "Add")), remove));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const given = (name) => data.get(name)?.trim() || undefined;
    const both = (name) => ({ vi: data.get(`${name}.vi`).trim(), en: data.get(`${name}.en`).trim() });
    const single = (name) => data.get(name).trim();
    const body = {
      name: both("name"), commune: both("commune"), organisation: given("organisation"), registrationCode: given("registrationCode"),
      communeCode: given("communeCode"), province: given("province"), address: single("address"), contact: single("contact"), phone: single("phone"), email: single("email"),
    };
    try {
      saved(await (producer ? call("PUT", `/api/producers/${producer.id}`, body) : call("POST", "/api/producers", body)));
    } catch (refusal) {
      answer.replaceChildren(problem(refusal.message));
    }
  });
  remove?.addEventListener("click", async () => {
    try {
      await call("DELETE", `/api/producers/${producer.id}`);
      saved(null);
    } catch (refusal) {
      answer.replaceChildren(problem(refusal.message));
    }
  });
  return form;
}

function card(producer, change) {
  const place = [producer.address, localised(producer.commune), PROVINCES[producer.province]].filter(Boolean).join(", ");
  const reached = [producer.contact, producer.phone, producer.email].filter(Boolean).join(" · ");
  return element("li", {}, element("article", {},
    element("h2", {}, localised(producer.name)),
    place ? element("small", {}, place) : null,
    reached ? element("small", {}, reached) : null,
    producer.registrationCode ? element("small", {}, t(`Mã số ${producer.registrationCode}`, `Registered as ${producer.registrationCode}`)) : null,
    element("div", { class: "actions" },
      element("a", { href: `/?lang=${language}&producer=${producer.id}` }, counted(producer.productCount, "sản phẩm", "product", "products")),
      change ? element("button", { type: "button", class: "plain", onclick: () => change(producer) }, t("Sửa", "Change")) : null)));
}

async function show() {
  const { who, bar } = await standing();
  const may = who.permissions.includes("edit");
  const list = element("ul", { class: "cards" });
  const told = element("p", { class: "lead", role: "status" });
  const place = element("div");
  const more = element("button", { type: "button", class: "plain", hidden: true }, t("Xem thêm", "Show more"));
  const search = element("input", { type: "search", name: "q", maxlength: 200, placeholder: t("Tìm: hong nam, 0100233488…", "Search: hong nam, 0100233488…"), "aria-label": t("Tìm cơ sở sản xuất", "Search producers") });
  let next = null;
  let asked = 0;
  const saved = () => {
    place.replaceChildren();
    return load().catch(refused);
  };
  const open = (producer) => {
    place.replaceChildren(fields(producer, who.organisations, saved));
    place.scrollIntoView({ block: "nearest" });
    place.querySelector("input").focus();
  };
  const load = async (before) => {
    const mine = ++asked;
    const query = new URLSearchParams({ limit: PAGE, q: search.value, ...(before ? { before } : {}) });
    const page = await call("GET", `/api/producers?${query}`);
    // An answer that a later question overtook is of no interest.
    if (mine !== asked) return;
    const rows = page.producers.map((producer) => card(producer, may ? open : null));
    if (before) list.append(...rows);
    else list.replaceChildren(...rows);
    next = page.next || null;
    more.hidden = !next;
    told.textContent = list.children.length ? "" : t("Không có cơ sở sản xuất nào như vậy.", "There is no such producer.");
  };
  const refused = (refusal) => { told.textContent = refusal.message; };
  let pause = 0;
  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => load().catch(refused), PAUSE_MS);
  });
  more.addEventListener("click", () => load(next).catch(refused));
  const add = may ? element("button", { type: "button", onclick: () => open(null) }, t("Thêm cơ sở sản xuất", "Add a producer")) : null;
  await load();
  main.replaceChildren(bar, element("div", { class: "head" }, element("h1", {}, t("Cơ sở sản xuất", "Producers")), ...(add ? [add] : [])),
    place, element("form", { class: "search", role: "search", onsubmit: (event) => event.preventDefault() }, search), told, list, element("div", { class: "actions" }, more));
}

show().catch((refusal) => main.replaceChildren(problem(refusal.message)));
