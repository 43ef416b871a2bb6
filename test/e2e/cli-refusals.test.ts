import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { demoOn, expectRefusal } from '../support/demo-suite.ts';
import { runGatehouse } from '../support/process.ts';

const APP = ['client', 'add', '--id', 'bad-app', '--name', 'Bad App'];
const URI = ['--redirect-uri', 'https://app.example.org/cb'];
const PERSON = ['user', 'add', '--username', 'gina', '--name', 'Gina', '--role'];

/** What is typed, by what should be said about it. `FILES` stands for a folder with the files below. */
const MISTAKES: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['disable, unknown client', ['client', 'disable', 'nobody'], /^gatehouse: there is no client nobody$/],
  ['enable, unknown client', ['client', 'enable', 'nobody'], /^gatehouse: there is no client nobody$/],
  ['remove, unknown client', ['client', 'remove', 'nobody'], /^gatehouse: there is no client nobody$/],
  ['disable, no client named', ['client', 'disable'], /^error: missing required argument 'client_id'$/],
  ['add, nothing given', ['client', 'add'], /^gatehouse: give --file, or at least --id and --name$/],
  ['add, no redirect URI', APP, /^ {2}registration: authorization_code needs a redirect_uri$/m],
  [
    'add, plain http',
    [...APP, '--redirect-uri', 'http://app.example.org/cb'],
    /redirect_uris\.0: must use https, except on localhost/,
  ],
  [
    'add, a fragment',
    [...APP, '--redirect-uri', 'https://app.example.org/cb#x'],
    /redirect_uris\.0: must not have a fragment/,
  ],
  [
    'add, a wildcard',
    [...APP, '--redirect-uri', 'https://*.example.org/cb'],
    /redirect_uris\.0: must not contain a wildcard/,
  ],
  [
    'add, a script',
    [...APP, '--redirect-uri', 'javascript:alert(1)'],
    /redirect_uris\.0: must not use the javascript: scheme/,
  ],
  ['add, no URI', [...APP, '--redirect-uri', 'not a uri'], /redirect_uris\.0: must be an absolute URL/],
  [
    'add, no such scope',
    [...APP, ...URI, '--scope', 'patient/Patient.dus'],
    /scope: patient\/Patient\.dus is not a scope/,
  ],
  [
    'add, no such method',
    [...APP, ...URI, '--auth', 'password'],
    /^error: option '--auth <method>' argument 'password' is invalid/,
  ],
  ['add, keys missing', [...APP, '--auth', 'private_key_jwt'], /private_key_jwt needs jwks or jwks_uri/],
  [
    'add, unreadable keys',
    [...APP, '--auth', 'private_key_jwt', '--jwks', 'FILES/none.json'],
    /^gatehouse: cannot read \S+none\.json: .*no such file/,
  ],
  [
    'add, keys that are no JSON',
    [...APP, '--auth', 'private_key_jwt', '--jwks', 'FILES/broken.yaml'],
    /^gatehouse: \S+broken\.yaml is not JSON/,
  ],
  [
    'add, private keys',
    [...APP, '--auth', 'private_key_jwt', '--jwks', 'FILES/private.json'],
    /jwks\.keys\.0: holds a private key; register the public half only/,
  ],
  [
    'add, unreadable file',
    ['client', 'add', '--file', 'FILES/none.yaml'],
    /^gatehouse: cannot read \S+none\.yaml: .*no such file/,
  ],
  ['add, a folder as file', ['client', 'add', '--file', 'FILES'], /^gatehouse: cannot read \S+: .*directory/],
  [
    'add, broken YAML',
    ['client', 'add', '--file', 'FILES/broken.yaml'],
    /^gatehouse: \S+broken\.yaml:\d+:\d+ /,
  ],
  ['add, a list as file', ['client', 'add', '--file', 'FILES/list.yaml'], /registration: .*expected object/i],
  [
    'add, an unknown member',
    ['client', 'add', '--file', 'FILES/unknown.yaml'],
    /Unrecognized key: "redirect_url"|redirect_url: there is no such/,
  ],
  [
    'add, our own id',
    ['client', 'add', '--id', 'gatehouse', '--name', 'Gatehouse', ...URI],
    /client_id: is what Gatehouse calls itself; choose another/,
  ],
  [
    'add, a configured id',
    ['client', 'add', '--id', 'my-health', '--name', 'My Health', ...URI],
    /^gatehouse: client my-health exists already$/,
  ],
  ['user add, nothing given', ['user', 'add'], /^error: required option '--username <name>' not specified$/],
  [
    'user add, no such role',
    [...PERSON, 'nurse'],
    /^error: option '--role <role>' argument 'nurse' is invalid/,
  ],
  [
    'user add, a patient without record',
    [...PERSON, 'patient'],
    /fhirUser: a patient needs a fhirUser such as Patient\/123/,
  ],
  [
    'user add, bad reference',
    [...PERSON, 'patient', '--fhir-user', 'amy'],
    /fhirUser: write it as Patient\/123 or Practitioner\/123/,
  ],
  [
    'user add, short password',
    [...PERSON, 'practitioner', '--password-file', 'FILES/short'],
    /^gatehouse: the password needs 15 characters or more$/,
  ],
  [
    'user add, long password',
    [...PERSON, 'practitioner', '--password-file', 'FILES/long'],
    /^gatehouse: the password may have 128 characters at most$/,
  ],
  [
    'user add, an address that is none',
    [...PERSON, 'practitioner', '--email', 'amy at example'],
    /email: must be an e-mail address/,
  ],
  [
    'user set-password, of nobody',
    ['user', 'set-password', 'nobody'],
    /^gatehouse: there is no user nobody$/,
  ],
  [
    'user add, unreadable password',
    [...PERSON, 'practitioner', '--password-file', 'FILES/none'],
    /^gatehouse: cannot read the password: .*no such file/,
  ],
  [
    'user add, twice',
    ['user', 'add', '--username', 'AMY', '--name', 'Amy', '--role', 'practitioner'],
    /^gatehouse: user AMY exists already$/,
  ],
  ['user disable, unknown', ['user', 'disable', 'nobody'], /^gatehouse: there is no user nobody$/],
  ['user, no such command', ['user', 'delete', 'amy'], /^error: unknown command 'delete'/],
  ['keys, no such command', ['keys', 'show'], /^error: unknown command 'show'/],
  ['an unknown option', ['client', 'list', '--secrets'], /^error: unknown option '--secrets'/],
];

describe('mistakes on the command line', () => {
  const suite = demoOn('embedded');
  let files: string;
  let before: string;
  const state = async (): Promise<string> =>
    `${await suite.cli('client', 'list', '--json')}${await suite.cli('user', 'list')}${await suite.cli('keys', 'list')}`;

  beforeAll(async () => {
    files = await mkdtemp(path.join(tmpdir(), 'gatehouse-cli-'));
    const jwk = { kty: 'EC', kid: 'k', crv: 'P-384', x: 'x', y: 'y', d: 'd' };
    const contents = {
      'broken.yaml': 'client_id: [oops\nclient_name: "x\n',
      'list.yaml': '- client_id: x\n',
      'unknown.yaml': 'client_id: bad-app\nclient_name: Bad\nredirect_url: https://app.example.org/cb\n',
      'private.json': JSON.stringify({ keys: [jwk] }),
      short: 'seven-7\n',
      long: 'x'.repeat(5000),
    };
    for (const [name, text] of Object.entries(contents)) await writeFile(path.join(files, name), text);
    before = await state();
  });
  afterAll(() => rm(files, { recursive: true, force: true }));

  test.each(MISTAKES)('%s: one clear message, no stack trace', async (_name, args, message) => {
    const typed = args.map((arg) => arg.replace('FILES', files));
    const ended = await suite.demo.cli(...typed);
    expectRefusal(ended, message.flags.includes('m') ? message : new RegExp(message.source, 'm'));
    expect(ended.stderr.trim().split('\n').length).toBeLessThanOrEqual(3);
  });

  test('none of them changed anything', async () => {
    expect(await state()).toBe(before);
  });

  test('a store or a configuration that is not there is one line', async () => {
    const gone = await runGatehouse(['client', 'list', '--demo', '--data-dir', `${files}/short/data`]);
    expectRefusal(
      gone,
      /^gatehouse: the demo cannot keep its files in \S+: .*; choose another folder with --data-dir\n$/,
    );
    const both = await runGatehouse(['client', 'list', '--demo', '--config', 'x.yaml']);
    expectRefusal(both, /^error: option '--demo' cannot be used with option '-c, --config <file>'\n$/);
    const none = await runGatehouse(['client', 'list', '--config', `${files}/none.yaml`]);
    expectRefusal(none, /^\S+none\.yaml: cannot be read: .*\n$/);
  });
});
