// How long MSAL for Node.js takes for the first token of a new client, and for a cached one; nanoseconds.
import { ConfidentialClientApplication, LogLevel } from '@azure/msal-node';

const { REAL_AUTHORITY: authority, REAL_SECRET: clientSecret } = process.env;
const request = { scopes: ['api://demo/.default'] };
const [FIRST, CACHED] = [21, 2000];

const app = () => new ConfidentialClientApplication({
  auth: { clientId: 'app1', authority, knownAuthorities: [new URL(authority).host], clientSecret },
  system: { loggerOptions: { logLevel: LogLevel.Error, loggerCallback: () => {} } },
});
const now = () => process.hrtime.bigint();

const first = [];
for (let nth = 0; nth < FIRST; nth++) {
  const start = now();
  const { fromCache } = await app().acquireTokenByClientCredential({ ...request, skipCache: true });
  first.push(Number(now() - start));
  if (fromCache) throw new Error('the first token was cached');
}
first.sort((one, other) => one - other);

const client = app();
await client.acquireTokenByClientCredential(request);
const start = now();
let last;
for (let nth = 0; nth < CACHED; nth++) last = await client.acquireTokenByClientCredential(request);
const cached = Number(now() - start) / CACHED;
if (!last.fromCache) throw new Error('the cached token was not from the cache');
console.log(`first ${first[(FIRST - 1) / 2]}\ncached ${Math.round(cached)}`);
