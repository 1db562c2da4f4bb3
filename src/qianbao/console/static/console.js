// A form that takes long (data-working) says so once it is sent, and is not sent twice. Nothing else
// of the console needs a script: without this one, a second press is answered like the first.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.working) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = form.querySelector("button");
  button.dataset.before = button.textContent;
  button.textContent = form.dataset.working;
  button.setAttribute("aria-busy", "true");
  button.setAttribute("aria-disabled", "true");
});

// Back on a page that the browser has kept, it can be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    const button = form.querySelector("button");
    button.textContent = button.dataset.before;
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
  }
});
