// Judges the DKIM signatures of a message from standard input with mailauth: node verify.js '{"name": "TXT value", …}'
'use strict';
const { dkimVerify } = require('mailauth/lib/dkim/verify');

const records = JSON.parse(process.argv[2]);

async function resolver(name, type) {
  if (type === 'TXT' && records[name]) {
    return [[records[name]]];
  }
  const missing = new Error(`no record ${name}`);
  missing.code = 'ENOTFOUND';
  throw missing;
}

async function main() {
  const blocks = [];
  for await (const block of process.stdin) {
    blocks.push(block);
  }
  const { results } = await dkimVerify(Buffer.concat(blocks), { resolver });
  const verdicts = results.map((one) => ({
    algorithm: one.algo,
    domain: one.signingDomain,
    result: one.status.result,
    comment: one.status.comment,
  }));
  console.log(JSON.stringify(verdicts));
}

main();
