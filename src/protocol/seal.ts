import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Signs what strangers carry for the bridge and bring back: they can read it, but neither make nor change it. Good for as long as the bridge lives. */
export class Seal {
  readonly #key = randomBytes(32);

  /** A text fit for URLs and forms. `holder` is whom it is good for; it cannot be read off the text. */
  seal(payload: object, holder = ''): string {
    return this.#signed(Buffer.from(JSON.stringify(payload)).toString('base64url'), holder);
  }

  /** What was sealed; `undefined` when it was not made here, or for another holder. */
  open<Payload extends object>(sealed: string, holder = ''): Payload | undefined {
    const [text = ''] = sealed.split('.', 1);
    // Compared as text: decoders pass over what does not belong there.
    const expected = Buffer.from(this.#signed(text, holder));
    const given = Buffer.from(sealed);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    // Nobody but `seal` can have signed it.
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Payload;
  }

  #signed(text: string, holder: string): string {
    const signature = createHmac('sha256', this.#key)
      .update(JSON.stringify([text, holder]))
      .digest('base64url');
    return `${text}.${signature}`;
  }
}
