/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a page up to date. Each page is whole without this: the script only fetches the same page again when the
 * server says that something has changed, and puts the changed parts in their place.
 */
"use strict";

/* ---- what is left of a request's time ---- */

function countdowns() {
	for (const span of document.querySelectorAll("[data-seconds]")) {
		if (!span.until)
			span.until = performance.now() + 1000 * span.dataset.seconds;
		const left = Math.max(0, Math.ceil((span.until - performance.now()) / 1000));
		const text = (left >= 60 ? Math.floor(left / 60) + " min " : "") + left % 60 + " s left";
		if (span.textContent !== text)
			span.textContent = text;
	}
}

/* ---- times as the reader's clock has them ---- */

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function times() {
	for (const time of document.querySelectorAll("time:not([title])")) {
		time.title = time.textContent;
		time.textContent = clock.format(new Date(time.dateTime));
	}
}

/* ---- copying ---- */

function copyButtons() {
	if (!navigator.clipboard)
		return;
	for (const code of document.querySelectorAll("[data-copy]")) {
		if (code.nextElementSibling)
			continue;
		const button = document.createElement("button");
		button.type = "button";
		button.textContent = "Copy";
		button.addEventListener("click", async () => {
			try {
				await navigator.clipboard.writeText(code.textContent);
				button.textContent = "Copied";
			} catch {
				getSelection().selectAllChildren(code);
				button.textContent = "Selected: copy it";
			}
			setTimeout(() => { button.textContent = "Copy"; }, 3000);
		});
		code.after(button);
	}
}

function dress() {
	times();
	countdowns();
	copyButtons();
}

/* ---- live ---- */

const live = document.querySelector("[data-live]");
let fetching = false, again = false;

/* Only what has changed is replaced, so that focus, open parts and a screen reader's place stay where they are. */
const seen = new Map();

function remember(root) {
	for (const part of root.querySelectorAll("[data-part]"))
		seen.set(part.dataset.part, part.innerHTML);
}

function put(fresh) {
	for (const part of live.querySelectorAll("[data-part]")) {
		const next = fresh.querySelector('[data-part="' + part.dataset.part + '"]');
		if (!next) {
			const had = part.contains(document.activeElement);
			part.remove();
			if (had)
				document.getElementById("main").focus();
		} else if (seen.get(part.dataset.part) !== next.innerHTML) {
			seen.set(part.dataset.part, next.innerHTML);
			fill(part, next);
		}
	}
}

/* A live region must stay the same element for its change to be spoken. */
function fill(part, next) {
	const spoken = part.querySelector('[role="status"]'), text = next.querySelector('[role="status"]');
	const held = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;

	part.className = next.className;
	if (spoken && text) {
		spoken.replaceChildren(...text.childNodes);
		text.replaceWith(spoken);
	}
	part.replaceChildren(...next.childNodes);
	if (held)
		part.querySelector('[href="' + CSS.escape(held) + '"]')?.focus();
}

async function refresh() {
	if (fetching) {
		again = true;
		return;
	}
	fetching = true;
	try {
		const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
		if (answer.redirected)
			location.reload();
		const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
		if (answer.ok && fresh) {
			put(fresh);
			dress();
		}
	} catch { /* the server is away; the event stream comes back when it does */ }
	fetching = false;
	if (again) {
		again = false;
		refresh();
	}
}

function listen() {
	const events = new EventSource(live.dataset.events || "/events");
	let opened = false;

	events.addEventListener("request", (e) => {
		const id = live.dataset.live;
		if (id === "list" || JSON.parse(e.data).id === id)
			refresh();
	});
	/* What was missed between two streams is fetched. */
	events.addEventListener("open", () => {
		if (opened)
			refresh();
		opened = true;
	});
	addEventListener("pagehide", () => events.close());
}

if (live) {
	remember(live);
	listen();
}
dress();
setInterval(countdowns, 1000);
