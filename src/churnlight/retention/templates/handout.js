"use strict";
(() => {
  const SIZE = 50;
  for (const hidden of document.querySelectorAll(".needs-script")) hidden.hidden = false;

  const plain = (text) => text.normalize("NFKC").toLowerCase();

  const setUp = (section) => {
    const form = section.querySelector(".filters");
    if (!form) return;
    const status = section.querySelector(".status");
    const rows = [...section.querySelectorAll(".people tbody tr")].map((row) => ({
      row,
      text: plain(row.textContent),
      reasons: row.dataset.reasons.split(" "),
    }));
    let first = 0;
    let found = rows;

    const chosen = (name, value) => form.elements[name].value === "*" || form.elements[name].value === value;
    const fits = ({ row, text, reasons }, wanted) =>
      chosen("tier", row.dataset.tier) &&
      chosen("area", row.dataset.area) &&
      (form.elements.reason.value === "*" || reasons.includes(form.elements.reason.value)) &&
      !(form.elements.apart && form.elements.apart.checked && row.dataset.apart === undefined) &&
      !(form.elements.risen && form.elements.risen.checked && row.dataset.risen === undefined) &&
      wanted.every((word) => text.includes(word));

    const show = () => {
      const there = new Set(found.slice(first, first + SIZE));
      for (const entry of rows) entry.row.hidden = !there.has(entry);
      const end = Math.min(first + SIZE, found.length);
      status.textContent = found.length
        ? section.dataset.found.replace("{shown}", found.length.toLocaleString("en")).replace("{start}", first + 1).replace("{end}", end)
        : section.dataset.none;
      for (const button of section.querySelectorAll(".pager .back")) button.disabled = first === 0;
      for (const button of section.querySelectorAll(".pager .on")) button.disabled = end >= found.length;
    };
    const search = () => {
      const wanted = plain(form.elements.find.value).split(/\s+/).filter(Boolean);
      found = rows.filter((entry) => fits(entry, wanted));
      first = 0;
      show();
    };
    const turn = (step) => {
      first += step * SIZE;
      show();
      section.scrollIntoView();
    };
    form.addEventListener("input", search);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(search));
    for (const button of section.querySelectorAll(".pager .back")) button.addEventListener("click", () => turn(-1));
    for (const button of section.querySelectorAll(".pager .on")) button.addEventListener("click", () => turn(1));
    show();
  };

  const print = (sheet) => {
    document.body.classList.add("only-cards");
    if (sheet) {
      document.body.classList.add("only-one");
      sheet.classList.add("chosen");
    }
    window.print();
  };
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("only-cards", "only-one");
    for (const sheet of document.querySelectorAll(".sheet.chosen")) sheet.classList.remove("chosen");
  });

  // The document's language follows the switch, for screen readers.
  for (const pick of document.querySelectorAll(".pick")) {
    pick.addEventListener("change", () => {
      document.documentElement.lang = document.querySelector(`.page.${pick.id.slice(5)}`).lang;
    });
  }
  for (const section of document.querySelectorAll(".list")) setUp(section);
  for (const button of document.querySelectorAll(".print-all")) button.addEventListener("click", () => print(null));
  for (const button of document.querySelectorAll(".print-one"))
    button.addEventListener("click", () => print(button.closest(".sheet")));
})();
