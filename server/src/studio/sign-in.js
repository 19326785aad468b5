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
form.elements.name.focus();
document.title = t("Xoay · Đăng nhập", "Xoay · Sign in");
