import { describe, expect, it } from 'vitest';
import { html, NOTHING } from '../../../src/oauth/pages/html.ts';

describe('html', () => {
  it('escapes texts, for elements and for quoted attributes', () => {
    const text = `</p><script>"x" & 'y'</script>`;
    const escaped = '&#60;/p&#62;&#60;script&#62;&#34;x&#34; &#38; &#39;y&#39;&#60;/script&#62;';
    expect(html`<p title="${text}">${text}</p>`.text).toBe(`<p title="${escaped}">${escaped}</p>`);
  });

  it('takes pieces of HTML, and lists of them, as they are', () => {
    const items = ['a', '<'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>${NOTHING}${html`<hr>`}`.text).toBe('<ul><li>a</li>\n<li>&#60;</li></ul><hr>');
  });
});
