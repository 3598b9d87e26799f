import { Html } from './html.ts';

/**
 * The style of all pages. Texts have a contrast of at least 4.5, controls of 3 (WCAG 2.2, 1.4.3 and 1.4.11); lengths are
 * in `rem`, so the pages grow with the reader's font size; nothing moves.
 */
export const STYLE = new Html(`
:root {
  color-scheme: light dark;
  --ground: #eef1f1; --card: #ffffff; --text: #17201f; --quiet: #53605e; --line: #d5dcdb; --edge: #74827f;
  --accent: #0a6558; --on-accent: #ffffff; --tint: #e8f4f1;
  --bad: #a8201a; --bad-ground: #fdeeec; --care: #664700; --care-ground: #fdf3da;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1413; --card: #191f1e; --text: #e9efee; --quiet: #a3b1ae; --line: #333d3b; --edge: #7b8a87;
    --accent: #74d6c2; --on-accent: #05231d; --tint: #1b302c;
    --bad: #ffb3aa; --bad-ground: #3b1a17; --care: #f3d798; --care-ground: #31270f;
  }
}
*, ::before, ::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; align-items: center; justify-items: center; padding: 1.5rem 1rem;
  background: var(--ground); color: var(--text); font: 1rem/1.4 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main {
  width: 100%; max-width: 30rem; padding: 1.75rem 2rem; overflow-wrap: anywhere;
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
}
p, dl, dd, fieldset { margin: 0; padding: 0; }
.brand { display: flex; align-items: center; gap: .5rem; color: var(--quiet); font-size: .875rem; }
.brand svg { color: var(--accent); }
h1 { margin: .875rem 0 .75rem; font-size: 1.375rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; text-wrap: balance; }
.note { margin-bottom: .875rem; padding: .5rem .75rem; border-radius: .5rem; font-size: .875rem; }
.care { background: var(--care-ground); color: var(--care); }
.bad { margin-bottom: .75rem; background: var(--bad-ground); color: var(--bad); font-weight: 600; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .125rem 1rem; margin-bottom: 1.125rem; font-size: .875rem; }
dt { color: var(--quiet); }
dd { font-weight: 600; }
fieldset, .part { min-width: 0; margin-bottom: 1.125rem; border: 0; }
legend, .label { display: block; padding: 0; margin-bottom: .375rem; font-size: .9375rem; font-weight: 600; }
.choices { border: 1px solid var(--line); border-radius: .625rem; overflow: hidden; }
.choice { display: grid; grid-template-columns: auto 1fr; gap: 0 .75rem; padding: .5rem .75rem; cursor: pointer; }
.choice + .choice { border-top: 1px solid var(--line); }
.choice:has(:checked) { background: var(--tint); }
.choice input { grid-row: span 2; align-self: center; width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); }
small { grid-column: 2; color: var(--quiet); font-size: .8125rem; }
#hint { margin-bottom: .5rem; }
.hint { color: var(--quiet); font-size: .875rem; }
.hint strong { padding: .0625rem .375rem; border-radius: .25rem; background: var(--tint); color: var(--text); }
code, .hint strong, #code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
#code {
  width: 100%; padding: .5rem .75rem; border: 1px solid var(--edge); border-radius: .625rem;
  background: var(--card); color: var(--text); font-size: 1.5rem; line-height: 1.3; letter-spacing: .12em;
  text-align: center; text-transform: uppercase;
}
#code[aria-invalid] { border: 2px solid var(--bad); }
.buttons { display: grid; grid-template-columns: 2fr 1fr; gap: .75rem; margin-top: .875rem; }
button, .button {
  min-height: 2.75rem; padding: .5rem 1.25rem; border: 1px solid var(--edge); border-radius: .625rem;
  background: var(--card); color: var(--text); font: inherit; font-weight: 600; cursor: pointer;
}
.button { display: inline-flex; align-items: center; margin-top: 1rem; text-decoration: none; }
.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.end { margin-top: .75rem; color: var(--quiet); font-size: .8125rem; }
.lines p + p, .lines + pre { margin-top: .625rem; }
pre { margin: 0; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .625rem; background: var(--ground); white-space: pre-wrap; user-select: all; }
:focus-visible { outline: .1875rem solid var(--accent); outline-offset: .125rem; }
.choice:has(:focus-visible) { outline: .1875rem solid var(--accent); outline-offset: -.1875rem; }
.choice:has(:focus-visible) :focus-visible { outline: none; }
@media (max-width: 32rem) {
  body { padding: 0; align-items: start; background: var(--card); }
  main { padding: 1.25rem; border: 0; border-radius: 0; }
}
@media (max-width: 22rem) { dl { grid-template-columns: 1fr; gap: 0; } dd + dt { margin-top: .25rem; } }
`);
