import type { Page } from 'playwright-core';

/** Two colours that meet on a page. */
export interface Meeting {
  readonly what: string;
  readonly contrast: number;
}

/** Every text of a page that is seen, on what is behind it. */
export async function textContrasts(page: Page): Promise<Meeting[]> {
  return (await page.evaluate(collectTexts)).map(measure);
}

/** The borders of what can be typed into or pressed, on what is behind them. */
export async function controlContrasts(page: Page): Promise<Meeting[]> {
  return (await page.evaluate(collectControls)).map(measure);
}

interface Colors {
  readonly what: string;
  readonly front: string;
  readonly back: string;
}

function measure({ what, front, back }: Colors): Meeting {
  const [high, low] = [luminanceOf(front), luminanceOf(back)].sort((a, b) => b - a) as [number, number];
  return { what: `${what}: ${front} on ${back}`, contrast: (high + 0.05) / (low + 0.05) };
}

/** WCAG 2.2, "relative luminance". */
function luminanceOf(color: string): number {
  const channels = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color)?.slice(1);
  if (channels === undefined) throw new Error(`${color} is not opaque`);
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const value = Number(channel) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** What the two functions below use of a page, where they run; the project is compiled without the types of the DOM. */
interface PageElement {
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string | null }>;
  readonly parentElement: PageElement | null;
  readonly tagName: string;
  readonly textContent: string | null;
}
declare const document: { querySelectorAll(selector: string): Iterable<PageElement> };
declare function getComputedStyle(element: PageElement): Readonly<Record<string, string>>;

/** Runs in the page, so it stands for itself. */
function collectTexts(): Colors[] {
  const backOf = (element: PageElement | null): string => {
    if (element === null) return 'nothing';
    const { backgroundColor = '' } = getComputedStyle(element);
    return backgroundColor === 'rgba(0, 0, 0, 0)' ? backOf(element.parentElement) : backgroundColor;
  };
  const TEXT = 3;
  const hasText = (element: PageElement) =>
    [...element.childNodes].some(({ nodeType, textContent }) => nodeType === TEXT && textContent?.trim());
  return [...document.querySelectorAll('body *')]
    .filter((element) => hasText(element) || element.tagName === 'INPUT')
    .map((element) => ({
      what: `${element.tagName} ${element.textContent?.trim().slice(0, 30)}`,
      front: getComputedStyle(element).color ?? '',
      back: backOf(element),
    }));
}

/** Runs in the page, so it stands for itself. */
function collectControls(): Colors[] {
  const [card] = [...document.querySelectorAll('main')].map((main) => getComputedStyle(main).backgroundColor ?? '');
  return [...document.querySelectorAll('#code, button, .button')].map((element) => ({
    what: element.tagName,
    front: getComputedStyle(element).borderTopColor ?? '',
    back: card ?? '',
  }));
}
