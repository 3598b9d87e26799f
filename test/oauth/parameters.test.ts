import { describe, expect, it } from 'vitest';
import { Parameters } from '../../src/oauth/parameters.ts';

const parametersOf = (query: string) => new Parameters(new URLSearchParams(query));

const formOf = (type: string | undefined, body = 'a=1') =>
  Parameters.ofForm({
    method: 'POST',
    path: '/token',
    query: new URLSearchParams('b=2'),
    headers: { 'content-type': type },
    body,
  });

describe('a parameter', () => {
  it('is read as it was meant', () => {
    const parameters = parametersOf('a=1&b=%C3%A9+x%2By');
    expect(parameters.optional('a')).toBe('1');
    expect(parameters.required('b')).toBe('é x+y');
  });

  it.each(['', 'b=1', 'a=', 'a'])('is not there: %j', (query) => {
    expect(parametersOf(query).optional('a')).toBeUndefined();
    expect(() => parametersOf(query).required('a')).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: 'The parameter a is missing', status: 400 }),
    );
  });

  it.each(['a=1&a=2', 'a=1&a=1', 'a=&a=', 'a=1&b=2&a='])('may not come twice: %j', (query) => {
    const refusal = { code: 'invalid_request', message: 'The parameter a comes more than once' };
    expect(() => parametersOf(query).optional('a')).toThrow(expect.objectContaining(refusal));
    expect(() => parametersOf(query).required('a')).toThrow(expect.objectContaining(refusal));
  });
});

describe('a form', () => {
  it.each([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded;charset=UTF-8',
    'Application/X-WWW-Form-Urlencoded ; charset=utf-8',
  ])('is of type %s', (type) => {
    const form = formOf(type);
    expect(form.required('a')).toBe('1');
    expect(form.optional('b')).toBeUndefined();
  });

  it.each([undefined, '', 'application/json', 'multipart/form-data', 'x application/x-www-form-urlencoded'])(
    'is not of type %j',
    (type) => {
      expect(() => formOf(type)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400 }));
    },
  );
});
