// Makes the vectors of formats that few senders use, with tools that are not the detector's: python3, a JVM, and the npm
// packages @msgpack/msgpack protobufjs hessian.js lz-string lzutf8 lz4js snappyjs jsurl. It is kept as the account of how they were
// made; the tests do not need it. It writes the files of testdata/vectors, into the folder given.
const fs=require('fs'),zlib=require('zlib'),cp=require('child_process'),mp=require('@msgpack/msgpack'),pb=require('protobufjs');
const dir=process.argv[2];
const C={text:'velvet okapi 7f3a91',wide:'zéphyr кукушка 7f3a91',url:'https://canary-5d20.example/path/7f3a91?q=a+b&lang=fr',host:'canary-5d20.example',uuid:'5e77c02f-031a-4c9d-a1ff-cb2a6f40023c',imei:'867254269213547'};
const N={text:'velvet okapis 7f3a91',wide:'zéphyr кукушки 7f3a91',url:'https://canary-5d2f.example/path/7f3a91?q=a+b&lang=fra',host:'canary-5d2f.example',uuid:'5e77c02f-031a-4c9d-a1ff-cb2a6f40023d',imei:'867254269213548'};
const all=['text','wide','url','host','uuid','imei'];
function add(name,by,f,expect=all){
 const side=c=>{const r=f(c),out=[];if(r.url)out.push('target: '+r.url);for(const [k,v] of Object.entries(r.headers||{}))out.push('header: '+k+': '+v);
  return out.concat('',Buffer.from(r.body||'').toString('base64').match(/.{1,116}/g)||[]).join('\n')};
 const slug=name.toLowerCase().replace(/[^a-z0-9]+/g,'-').replace(/^-|-$/g,'');
 fs.writeFileSync(`${dir}/${slug}.txt`,`name: ${name}\nmade-by: ${by}\nexpect: ${expect.join(' ')}\n--- leak\n${side(C)}\n--- near\n${side(N)}\n`)}
const b64=x=>Buffer.from(x).toString('base64'),b64u=x=>Buffer.from(x).toString('base64url'),cat=(...a)=>Buffer.concat(a.map(x=>typeof x==='string'?Buffer.from(x):Buffer.from(x)));
const o=c=>({query:c.text,term:c.wide,page:{url:c.url,host:c.host},did:c.uuid,imei:Number(c.imei)}),J=c=>JSON.stringify(o(c));
const py=(code,c)=>Buffer.from(cp.execFileSync('python3',['-c','import sys,json,base64;c=json.load(sys.stdin);e={"query":c["text"],"term":c["wide"],"url":c["url"],"host":c["host"],"did":c["uuid"],"imei":int(c["imei"])}\n'+code+'\nprint(base64.b64encode(b).decode())'],{input:JSON.stringify(c)}).toString(),'base64');
const u16=n=>{const b=Buffer.alloc(2);b.writeUInt16BE(n);return b},u32=n=>{const b=Buffer.alloc(4);b.writeUInt32BE(n);return b},u32le=n=>{const b=Buffer.alloc(4);b.writeUInt32LE(n);return b};

add('words joined by dashes in a path','node 20',c=>({url:'https://x.example/search/'+c.text.replace(/ /g,'-')}),['text']);
add('separators escaped with backslashes','node 20',c=>{const e=s=>s.replace(/([ ,=])/g,'\\$1');return{body:`search,q=${e(c.text)},w=${e(c.wide)},h=${c.host} did="${c.uuid}",imei=${c.imei}i 17\nCEF:0|a|b|request=${e(c.url)} msg=x\n`}});
add('binary part of an event after lines of json','node 20',c=>{for(let i=0;;i++){const z=zlib.deflateSync(JSON.stringify([i,o(c)]));if(z.subarray(8,-8).includes(10))return{body:cat('{"event_id":"a"}\n{"type":"replay_recording","length":1}\n{"segment_id":0}\n',z)}}});
add('engine.io binary packet of MessagePack','npm @msgpack/msgpack',c=>({body:cat('451-["b",{"_placeholder":true,"num":0}]\x1eb',b64(mp.encode(o(c))))}));
const P=pb.parse('syntax="proto3"; message M{map<string,string> m=1; map<string,uint64> n=2;}').root.lookupType('M');
const proto=c=>Buffer.from(P.encode(P.fromObject({m:{query:c.text,term:c.wide,url:c.url,host:c.host,did:c.uuid},n:{imei:c.imei}})).finish());
add('protobuf in base64 between dots','npm protobufjs',c=>({body:JSON.stringify({token:'v2.'+b64u(proto(c))+'.c2lnbmF0dXJl'})}));
add('brotli in base64 after a prefix','node 20',c=>({url:'https://x.example/s?p=br:'+b64u(zlib.brotliCompressSync(J(c)))}));
add('Python pickle','python3 pickle',c=>({body:py('import pickle;b=pickle.dumps([e],4)',c)}));
add('Hessian 2','npm hessian.js',c=>{const e=new (require('hessian.js').EncoderV2)();e.write({q:c.text,w:c.wide,u:c.url,h:c.host,d:c.uuid,i:+c.imei});return{body:e.get()}});
add('Smile','written out',c=>{const out=[0x3a,0x29,0x0a,0];const s=v=>{const b=Buffer.from(v),a=b.length===v.length;
 if(a&&b.length<33)out.push(0x40+b.length-1,...b);else if(a&&b.length<65)out.push(0x60+b.length-33,...b);else if(b.length<34)out.push(0x80+b.length-2,...b);else out.push(0xe4,...b,0xfc)};
 out.push(0xfa);for(const [k,v] of Object.entries({query:c.text,term:c.wide,url:c.url,host:c.host,did:c.uuid})){out.push(0x80+k.length-1,...Buffer.from(k));s(v)}
 out.push(0x83,...Buffer.from('imei'),0x25);let n=BigInt(c.imei)<<1n;const b=[Number(n&63n)|128];for(n>>=6n;n>0n;n>>=7n)b.unshift(Number(n&127n));out.push(...b,0xfb);return{body:Buffer.from(out)}});
add('characters of two bytes after their number','written out as java.io.DataOutput does',c=>({body:cat([0,7],...[c.text,c.wide,c.url,c.host,c.uuid,c.imei].map(s=>cat(u32(s.length),Buffer.from(s,'utf16le').swap16())))}));
const aes=s=>cp.execFileSync('openssl',['enc','-aes-256-cbc','-K','00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff','-iv','0102030405060708090a0b0c0d0e0f10'],{input:s});
add('lz-string in letters of 15 bits','npm lz-string',c=>({body:JSON.stringify({v:2,d:require('lz-string').compressToUTF16(J(c))})}));
add('lzutf8 in letters of 15 bits','npm lzutf8',c=>({body:JSON.stringify({v:2,d:require('lzutf8').compress(J(c)+J(c),{outputEncoding:'StorageBinaryString'})})}),['opaque']);
add('aes in CDATA','openssl enc',c=>({body:'<e><v>1</v><d><![CDATA['+b64(aes(J(c)))+']]></d></e>'}),['opaque']);
add('aes behind a line of json','openssl enc',c=>({body:cat('{"v":1,"alg":"a"}\n',aes(J(c)))}),['opaque']);
add('aes in armour','openssl enc',c=>({body:'-----BEGIN MESSAGE-----\n\n'+b64(aes(J(c))).match(/.{1,64}/g).join('\n')+'\n-----END MESSAGE-----\n'}),['opaque']);
add('gzip in armour','node 20',c=>({body:'-----BEGIN MESSAGE-----\n\n'+b64(zlib.gzipSync(J(c))).match(/.{1,64}/g).join('\n')+'\n-----END MESSAGE-----\n'}));
add('tar of a log','tar',c=>{const d=fs.mkdtempSync(require('os').tmpdir()+'/v');fs.writeFileSync(d+'/log.json',J(c));try{return{body:cp.execFileSync('tar',['cf','-','--owner=0','--group=0','--mtime=@0','-C',d,'log.json'])}}finally{fs.rmSync(d,{recursive:true})}});
add('snappy in blocks of snappy-java','npm snappyjs, framing written out',c=>{const p=Buffer.from(require('snappyjs').compress(Buffer.from(J(c)+J(c))));return{body:cat([0x82],'SNAPPY',[0],u32(1),u32(1),u32(p.length),p)}});
const lz4=s=>{const l=require('lz4js'),src=Buffer.from(s),out=Buffer.alloc(2*src.length),n=l.compressBlock(src,out,0,src.length,new Uint32Array(1<<16));return [src.length,out.subarray(0,n)]};
add('lz4 in blocks of lz4-java','npm lz4js, framing written out',c=>{const [n,b]=lz4(J(c)+J(c));return{body:cat('LZ4Block',[0x26],u32le(b.length),u32le(n),u32le(0),b,'LZ4Block',[0x16],u32le(0),u32le(0),u32le(0))}});
add('lz4 of Mozilla','npm lz4js, framing written out',c=>{const [n,b]=lz4(J(c)+J(c));return{body:cat('mozLz40\0',u32le(n),b)}});
add('fields of an address of Google Maps','written out',c=>({url:'https://x.example/vt?pb='+['1m4','1m3','1i14','2s'+c.text,'3s'+c.wide,'4s'+c.url,'5s'+c.host,'6s'+c.uuid,'7u'+c.imei].map(x=>'!'+encodeURIComponent(x)).join('')}));
