"use strict";
// The player of the report: one step of one branch at a time. Texts only ever become text nodes.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent).branches;
  const find = (id) => document.getElementById(id);
  if (!data.length || !find("player")) return;
  let branch = data.find((one) => one.shown) || data[0], at = 0;

  const make = (name, text, parent, kind) => {
    const node = document.createElement(name);
    if (text !== null) node.textContent = text;
    if (kind) node.className = kind;
    parent.append(node);
    return node;
  };
  const short = (p) => (p === null ? "–" : p >= 0.0095 ? p.toFixed(2) : p >= 0.001 ? p.toFixed(3) : p > 0 ? "<0.001" : "0.00");

  function drawTarget() {
    const line = find("target");
    line.replaceChildren();
    branch.steps.forEach((step, i) => {
      const joined = step.token.startsWith("·");
      if (i && !joined) line.append(" ");
      const word = make("span", joined ? step.token.slice(1) : step.token, line, i === at ? "here" : i > at ? "later" : "");
      word.onclick = () => go(i);
    });
  }

  function drawBars(step) {
    const bars = find("bars");
    bars.replaceChildren();
    const alpha = step.alpha;
    if (!alpha) return void make("p", "No attention at this step.", bars, "dim");
    bars.className = alpha.length > 40 ? "many" : "";
    const best = alpha.indexOf(Math.max(...alpha));
    alpha.forEach((a, j) => {
      const kinds = [j === best ? "best" : "", step.drawn.includes(j) ? "drawn" : ""].join(" ");
      const bar = make("div", null, bars, kinds.trim());
      make("small", a >= 0.005 ? a.toFixed(2) : "", bar);
      make("i", null, bar).style.setProperty("--a", a);
      make("span", branch.source[j], bar).dir = "auto";
    });
  }

  function drawTops(step) {
    const tops = find("tops");
    tops.replaceChildren();
    for (const [name, rows] of Object.entries(step.top)) {
      const box = make("div", null, tops, name);
      make("h3", name === step.active ? name + " – gives the next state" : name, box, name);
      const list = make("ol", null, box);
      for (const [token, p, chosen] of rows) {
        const row = make("li", null, list, chosen ? "chosen" : "");
        make("bdi", token, row);
        make("i", null, row).style.setProperty("--a", p === null ? 0 : p);
        make("small", short(p), row);
      }
    }
  }

  function draw() {
    const step = branch.steps[at], slider = find("slider");
    slider.max = branch.steps.length;
    slider.value = at + 1;
    find("place").textContent = "t " + step.t + " of " + branch.steps.length;
    const drew = step.drawn.map((j) => " · ◆ drew “" + branch.source[j] + "”").join("");
    const figures = [step.mode, "log p " + (step.log_prob === null ? "–" : step.log_prob.toFixed(2).replace("-", "−"))];
    if (step.spread !== null) figures.push("H(α) " + step.spread.toFixed(2));
    find("said").textContent = figures.join(" · ") + drew;
    drawTarget();
    drawBars(step);
    drawTops(step);
    for (const old of document.querySelectorAll(".here[data-t]")) old.classList.remove("here");
    const same = `[data-branch="${branch.number}"][data-t="${step.t}"]`;
    for (const now of document.querySelectorAll(same)) now.classList.add("here");
  }

  function go(to) {
    at = Math.max(0, Math.min(branch.steps.length - 1, to));
    draw();
  }

  const choose = find("branch");
  data.forEach((one, i) => { make("option", one.name, choose).value = i; });
  choose.value = data.indexOf(branch);
  choose.onchange = () => { branch = data[choose.value]; go(at); };
  find("slider").oninput = (event) => go(event.target.value - 1);
  find("first").onclick = () => go(0);
  find("back").onclick = () => go(at - 1);
  find("next").onclick = () => go(at + 1);
  find("last").onclick = () => go(branch.steps.length - 1);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select")) return;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: branch.steps.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  });
  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-t]");
    const index = place ? data.findIndex((one) => String(one.number) === place.dataset.branch) : -1;
    if (index < 0) return;
    branch = data[index];
    choose.value = index;
    go(branch.steps.findIndex((step) => String(step.t) === place.dataset.t));
  });

  document.documentElement.classList.add("js");
  find("player").hidden = false;
  draw();
})();
