// Sends one message with nodemailer: node send.js '{"port": …, "secure": …, "method": …, "user": …, "pass": …, "to": …}'
'use strict';
const nodemailer = require('nodemailer');

const wish = JSON.parse(process.argv[2]);
const transport = nodemailer.createTransport({
  host: '127.0.0.1',
  port: wish.port,
  secure: wish.secure,
  requireTLS: wish.requireTLS,
  authMethod: wish.method,
  auth: { user: wish.user, pass: wish.pass },
  tls: { rejectUnauthorized: false },
});

transport
  .sendMail({
    from: 'Sklep <shop@example.com>',
    to: wish.to,
    subject: 'Zażółć gęślą jaźń',
    text: 'Twoje zamówienie jest w drodze.\n.\n..kropka\n',
    html: '<p>Twoje zamówienie jest <b>w drodze</b>.</p>',
    attachments: [{ filename: 'faktura.pdf', content: Buffer.alloc(20000, 7) }],
  })
  .then((info) => console.log(info.response))
  .catch((fault) => {
    console.error(fault.message);
    process.exitCode = 1;
  });
