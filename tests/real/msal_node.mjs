// MSAL for Node.js, unmodified.
import { ConfidentialClientApplication, LogLevel } from '@azure/msal-node';
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const { REAL_AUTHORITY: authority, REAL_API: api, REAL_FILES: files, REAL_SECRET: clientSecret } = process.env;
const read = (name) => readFileSync(`${files}/${name}`, 'utf8');
const scopes = ['api://demo/.default'];
const x5c = read('app.crt');
const thumbprintSha256 = createHash('sha256').update(new X509Certificate(x5c).raw).digest('hex');
const privateKey = read('app.key');

let failed = false;
const check = async (name, run) => {
  try {
    await run();
    console.log(`  ok      ${name}`);
  } catch (error) {
    failed = true;
    console.log(`  FAILED  ${name}: ${error.stack ?? error}`);
  }
};

const expect = (condition, found) => {
  if (!condition) throw new Error(JSON.stringify(found));
};

const app = (credential) => new ConfidentialClientApplication({
  auth: { clientId: 'app1', authority, knownAuthorities: [new URL(authority).host], ...credential },
  system: { loggerOptions: { logLevel: LogLevel.Error, loggerCallback: () => {} } },
});

// The API takes the token, and sees whose it is.
const good = async ({ accessToken }, user) => {
  const answer = await fetch(`${api}/hello`, { headers: { authorization: `Bearer ${accessToken}` } });
  const hello = await answer.json();
  expect(answer.status === 200 && hello.hello === 'app1' && hello.user === user, hello);
};

const by = (credential) => async () => good(await app(credential).acquireTokenByClientCredential({ scopes }));
const onBehalfOf = (credential) => async () => good(
  await app(credential).acquireTokenOnBehalfOf({ scopes: ['api://demo/access_as_user'], oboAssertion: read('user.jwt').trim() }),
  'ada@contoso.example',
);

await check('secret', by({ clientSecret }));
await check('certificate, PEM', by({ clientCertificate: { thumbprintSha256, privateKey } }));
await check('certificate, PEM with x5c', by({ clientCertificate: { thumbprintSha256, privateKey, x5c } }));
await check('assertion', by({ clientAssertion: read('federated-token') }));
await check('on behalf of, secret', onBehalfOf({ clientSecret }));
await check('on behalf of, certificate', onBehalfOf({ clientCertificate: { thumbprintSha256, privateKey, x5c } }));
await check('a wrong secret is understood', async () => {
  const answer = await app({ clientSecret: 'wrong' }).acquireTokenByClientCredential({ scopes }).catch((error) => error);
  expect(answer.errorCode === 'invalid_client' && String(answer.errorMessage).includes('7000215'), String(answer));
});
process.exit(failed ? 1 : 0);
