// People, keys and the audit log of the organisations that the visitor manages.
import { call } from "./api.js";
import { element, language, localised, t } from "./element.js";
import { standing } from "./standing.js";

const main = document.getElementById("people");
const problem = (message) => element("p", { class: "problem", role: "alert" }, message);
const ROLES = {
  administrator: t("Quản trị viên", "Administrator"),
  digitizer: t("Số hóa", "Digitizer"),
  reviewer: t("Duyệt", "Reviewer"),
  producer: t("Chủ thể sản xuất", "Producer"),
  viewer: t("Chỉ xem", "Viewer"),
};
const SCOPES = {
  read: t("xem bản nháp", "see drafts"),
  edit: t("sửa thông tin", "edit texts"),
  digitize: t("tải lên, chạy tác vụ", "upload, run jobs"),
  publish: t("xuất bản", "publish"),
};
const moment = (text) => (text ? new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" }).format(new Date(text)) : "–");

/** A form whose answer comes below its fields; `send` gets the data and may throw a Refusal. */
function form(title, fields, label, send) {
  const answer = element("div", { "aria-live": "polite" });
  const made = element("form", { class: "panel" }, element("h2", {}, title), element("div", { class: "fields" }, ...fields), answer,
    element("div", { class: "actions" }, element("button", {}, label)));
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    answer.replaceChildren();
    try {
      answer.replaceChildren(...((await send(new FormData(made))) || []));
      made.reset();
    } catch (refusal) {
      answer.replaceChildren(problem(refusal.message));
    }
  });
  return made;
}

const field = (name, label, properties = {}) => element("label", {}, label, element("input", { name, required: true, autocomplete: "off", ...properties }));
const choice = (name, label, options, chosen) => element("label", {}, label, element("select", { name }, ...Object.entries(options).map(([value, text]) => element("option", { value, selected: value === chosen }, text))));

/** A table that scrolls sideways on a narrow screen, and says so to the keyboard. */
function table(caption, heads, rows) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell, index) => element(index ? "td" : "th", index ? {} : { scope: "row" }, cell)))))));
}

function people(who, organisation, users, reload) {
  const role = (user) => {
    const now = user.memberships.find((one) => one.organisation === organisation.id)?.role || "";
    const select = element("select", { "aria-label": t(`Vai trò của ${user.fullName}`, `Role of ${user.fullName}`) },
      ...[["", t("không có", "none")], ...Object.entries(ROLES)].map(([value, text]) => element("option", { value, selected: value === now }, text)));
    select.addEventListener("change", async () => {
      const path = `/api/organisations/${organisation.id}/people/${user.id}`;
      try {
        await (select.value ? call("PUT", path, { role: select.value }) : call("DELETE", path));
      } catch (refusal) {
        select.value = now;
        alert(refusal.message);
      }
    });
    return select;
  };
  const close = (user) => {
    if (!who.isAdministrator) return "";
    const word = user.disabled ? t("Mở lại", "Open again") : t("Khóa", "Close");
    return element("button", { type: "button", class: "plain", "aria-label": `${word}: ${user.fullName}`, onclick: async () => {
      try {
        await call(user.disabled ? "PUT" : "DELETE", `/api/users/${user.id}`);
        reload();
      } catch (refusal) {
        alert(refusal.message);
      }
    } }, word);
  };
  const status = (user) => (user.disabled ? t("đã khóa", "closed") : user.isAdministrator ? t("quản trị dịch vụ", "manages the service") : "");
  return [
    table(t("Tài khoản", "Accounts"), [t("Họ tên", "Full name"), t("Tên đăng nhập", "Name"), t("Vai trò", "Role"), t("Tình trạng", "State"), t("Tài khoản", "Account")],
      users.map((user) => [user.fullName, user.name, role(user), status(user), close(user)])),
    form(t("Thêm tài khoản", "Add an account"), [
      field("name", t("Tên đăng nhập", "Sign-in name"), { autocapitalize: "none", minlength: 3, maxlength: 64 }),
      field("fullName", t("Họ tên", "Full name"), { maxlength: 200 }),
      field("password", t("Mật khẩu đầu tiên (từ 12 ký tự)", "First password (12 characters or more)"), { type: "password", autocomplete: "new-password", minlength: 12 }),
      choice("role", t("Vai trò", "Role"), ROLES, "digitizer"),
    ], t("Thêm", "Add"), async (data) => {
      await call("POST", "/api/users", { ...Object.fromEntries(data), organisation: organisation.id });
      reload();
    }),
  ];
}

function keys(organisation, found, reload) {
  const state = (key) => (key.revoked ? t("đã thu hồi", "taken back") : key.expiresAt && new Date(key.expiresAt) < new Date() ? t("hết hạn", "run out") : t("còn hiệu lực", "valid"));
  const revoke = (key) => (key.revoked ? "" : element("button", { type: "button", class: "plain", "aria-label": `${t("Thu hồi", "Take back")}: ${key.name}`, onclick: async () => {
    if (!confirm(t(`Thu hồi khóa "${key.name}"? Chương trình dùng nó sẽ ngừng hoạt động.`, `Take back the key "${key.name}"? The program that uses it will stop working.`))) return;
    await call("DELETE", `/api/organisations/${organisation.id}/keys/${key.id}`);
    reload();
  } }, t("Thu hồi", "Take back")));
  const scopes = element("fieldset", {}, element("legend", {}, t("Được phép", "May")),
    ...Object.entries(SCOPES).map(([value, text]) => element("label", { class: "tick" }, element("input", { type: "checkbox", name: "scopes", value, checked: value === "read" }), text)));
  const made = form(t("Tạo khóa cho chương trình", "Make a key for a program"), [
    field("name", t("Dùng để làm gì", "What it is for"), { maxlength: 200 }),
    field("days", t("Hết hạn sau (ngày)", "Runs out after (days)"), { type: "number", min: 1, max: 3650, value: 365 }),
    scopes,
  ], t("Tạo khóa", "Make the key"), async (data) => {
    const key = await call("POST", `/api/organisations/${organisation.id}/keys`, { name: data.get("name"), days: Number(data.get("days")), scopes: data.getAll("scopes") });
    const shown = element("input", { readonly: true, value: key.secret, "aria-label": t("Khóa mới", "The new key") });
    return [element("p", { role: "status" }, t("Hãy chép khóa này ngay: nó chỉ hiện một lần.", "Copy this key now: it is shown only once.")), shown];
  });
  return [
    table(t("Khóa của chương trình", "Keys of programs"), [t("Dùng cho", "For"), t("Bắt đầu bằng", "Begins with"), t("Được phép", "May"), t("Hết hạn", "Runs out"), t("Dùng lần cuối", "Last used"), t("Tình trạng", "State"), t("Thu hồi", "Take back")],
      found.map((key) => [key.name, element("code", {}, key.prefix), key.scopes.map((scope) => SCOPES[scope]).join(", "), moment(key.expiresAt), moment(key.usedAt), state(key), revoke(key)])),
    made,
  ];
}

async function log(place, before) {
  const { entries, next } = await call("GET", `/api/audit?limit=50${before ? `&before=${before}` : ""}`);
  const shown = table(before ? t("Nhật ký, tiếp theo", "Log, continued") : t("Nhật ký thay đổi", "Log of changes"), [t("Lúc", "When"), t("Ai", "Who"), t("Việc", "What"), t("Đối tượng", "To what"), t("Chi tiết", "Detail")],
    entries.map((entry) => [moment(entry.at), entry.actor, entry.action, element("code", {}, entry.subject), entry.detail]));
  const more = element("button", { type: "button", class: "plain", onclick: () => { more.remove(); log(place, next); } }, t("Xem cũ hơn", "Show older"));
  place.append(shown, ...(next ? [more] : []));
}

async function everyUser() {
  const users = [];
  let after = "";
  do {
    const page = await call("GET", `/api/users?limit=100${after && `&after=${after}`}`);
    users.push(...page.users);
    after = page.next;
  } while (after && users.length < 1000);
  return users;
}

async function show() {
  const { who, bar } = await standing();
  if (!who.permissions.includes("administer")) {
    main.replaceChildren(bar, problem(t("Trang này dành cho quản trị viên.", "This page is for administrators.")));
    return;
  }
  const chosen = new URLSearchParams(location.hash.slice(1)).get("organisation");
  const managed = who.organisations.filter((one) => who.isAdministrator || who.memberships.some((m) => m.organisation === one.id && m.role === "administrator"));
  const organisation = managed.find((one) => one.id === chosen) || managed[0];
  const [users, found] = await Promise.all([everyUser(), call("GET", `/api/organisations/${organisation.id}/keys`)]);
  const select = element("select", {}, ...managed.map((one) => element("option", { value: one.id, selected: one.id === organisation.id }, localised(one.name))));
  select.addEventListener("change", () => { location.hash = `organisation=${select.value}`; });
  const place = element("div", { class: "panel" });
  main.replaceChildren(bar, element("div", { class: "head" }, element("h1", {}, t("Người dùng", "People")), element("label", {}, t("Tổ chức", "Organisation"), select)),
    ...(who.isAdministrator ? [form(t("Thêm tổ chức", "Add an organisation"), [field("vi", t("Tên tiếng Việt", "Name in Vietnamese")), field("en", t("Tên tiếng Anh", "Name in English"))], t("Thêm", "Add"), async (data) => {
      const made = await call("POST", "/api/organisations", { name: Object.fromEntries(data) });
      location.hash = `organisation=${made.id}`;
    })] : []),
    element("div", { class: "panel" }, ...people(who, organisation, users, show)),
    element("div", { class: "panel" }, ...keys(organisation, found, show)), place);
  await log(place);
}

const start = () => show().catch((refusal) => main.replaceChildren(problem(refusal.message)));
addEventListener("hashchange", start);
start();
