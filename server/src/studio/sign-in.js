// The form that opens a session. Where to go afterwards stands in the address: a path of this site only.
import { call } from "./api.js";
import { element, t } from "./element.js";

const form = document.getElementById("sign-in");
const answer = document.getElementById("answer");
const button = form.querySelector("button");

function destination() {
  const next = new URLSearchParams(location.search).get("next") || "/";
  const url = new URL(next, location.origin);
  // "//elsewhere.example" is a path to nobody but a browser.
  return url.origin === location.origin ? url.pathname + url.search + url.hash : "/";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = new FormData(form);
  button.disabled = true;
  answer.replaceChildren();
  try {
    await call("POST", "/api/session", { name: data.get("name"), password: data.get("password") });
    location.assign(destination());
  } catch (refusal) {
    answer.replaceChildren(element("p", { class: "problem" }, refusal.message));
    form.elements.password.value = "";
    form.elements.password.focus();
    button.disabled = false;
  }
});
const PROBLEMS = {
  refused: t("Nhà cung cấp không xác nhận việc đăng nhập.", "The provider did not confirm the sign-in."),
  stale: t("Lượt đăng nhập đã quá hạn hoặc bắt đầu ở trình duyệt khác; hãy thử lại.", "That sign-in took too long, or began in another browser; try again."),
  failed: t("Không đăng nhập được với nhà cung cấp; hãy thử lại, hoặc hỏi người vận hành.", "Signing in with the provider failed; try again, or ask the operator."),
  "no-account": t("Bạn chưa có tài khoản ở đây; hãy hỏi quản trị viên của tổ chức.", "You have no account here yet; ask an administrator of your organisation."),
};
const met = PROBLEMS[new URLSearchParams(location.search).get("problem")];
if (met) answer.replaceChildren(element("p", { class: "problem" }, met));
const provider = document.getElementById("provider");
if (provider) provider.href = `/api/session/oidc?next=${encodeURIComponent(destination())}`;
form.elements.name.focus();
document.title = t("Xoay · Đăng nhập", "Xoay · Sign in");
