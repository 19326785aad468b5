// Who the visitor is, and the line that says so.
import { call, signIn } from "./api.js";
import { element, t } from "./element.js";

/** Who the visitor is, and a line with what they can do about it. Sends nobody-we-know to the sign-in page. */
export async function standing() {
  const who = await call("GET", "/api/session");
  if (who.kind === "anonymous") signIn();
  const parts = [];
  if (who.kind === "person") {
    const out = (path) => async () => {
      await call("DELETE", path);
      location.assign("/sign-in");
    };
    parts.push(element("span", {}, t("Đã đăng nhập: ", "Signed in: "), element("strong", {}, who.name)),
      element("button", { type: "button", class: "plain", onclick: out("/api/session") }, t("Đăng xuất", "Sign out")),
      element("button", { type: "button", class: "plain", onclick: out("/api/sessions") }, t("Đăng xuất mọi nơi", "Sign out everywhere")));
  }
  if (who.permissions.includes("administer") && location.pathname !== "/people") parts.push(element("a", { class: "button plain", href: `/people${location.search}` }, t("Người dùng", "People")));
  const bar = element("div", { class: "actions standing", hidden: !parts.length }, ...parts);
  return { who, bar };
}
