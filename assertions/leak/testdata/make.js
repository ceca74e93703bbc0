// Makes the vectors of the detector with tools that are not its own: node's zlib and brotli, python3, perl, openssl, gzip,
// zstd, lz4, xxd, tr, and the npm packages lz-string @msgpack/msgpack cbor-x bson protobufjs avsc snappyjs lz4js
// bplist-creator thrift mqtt-packet. It is kept as the account of how they were made; the tests do not need it.
// It writes vectors.json (name, variant, body ...) and chains.jsonl to the folder given.
const zlib=require('zlib'),lz=require('lz-string'),mp=require('@msgpack/msgpack'),{Encoder}=require('cbor-x'),bson=require('bson'),pb=require('protobufjs'),avro=require('avsc'),snappy=require('snappyjs'),bplist=require('bplist-creator');
const fs=require('fs');const dir=process.argv[2];
const C={text:'velvet okapi 7f3a91',wide:'zéphyr кукушка 7f3a91',url:'https://canary-5d20.example/path/7f3a91?q=a+b&lang=fr',host:'canary-5d20.example',uuid:'5e77c02f-031a-4c9d-a1ff-cb2a6f40023c',imei:'867254269213547',zh:'天鹅绒霍加狓 红米手机 7f3a91'};
const N={text:'velvet okapis 7f3a91',wide:'zéphyr кукушки 7f3a91',url:'https://canary-5d2f.example/path/7f3a91?q=a+b&lang=fra',host:'canary-5d2f.example',uuid:'5e77c02f-031a-4c9d-a1ff-cb2a6f40023d',imei:'867254269213548',zh:'天鹅绒霍加狓 小米手机 7f3a91'};
const out=[];
function add(name,f){for(const [v,c] of [['pos',C],['neg',N]]){const r=f(c);out.push(Object.assign({name,variant:v},r,{body:Buffer.from(r.body||'').toString('base64')}))}}
const enc=encodeURIComponent,b64=s=>Buffer.from(s).toString('base64'),b64u=s=>Buffer.from(s).toString('base64url');
const J=c=>JSON.stringify({event:'search',properties:{q:c.text,w:c.wide,page:{url:c.url,host:c.host},did:c.uuid,imei:Number(c.imei)}});
const H=o=>Object.entries(o).map(([name,value])=>({name,value}));
add('amplitude form v1',c=>({headers:H({'Content-Type':'application/x-www-form-urlencoded'}),body:'v=2&client=abc&e='+enc('['+J(c)+']')+'&upload_time=1&checksum=0cc175b9c0f1b6a831c399e269772661'}));
add('amplitude v2 gzip',c=>({headers:H({'Content-Encoding':'gzip'}),body:zlib.gzipSync(J(c))}));
add('ga4 mp GET',c=>({url:'https://ga.example/g/collect?v=2&tid=G-1&cid='+c.uuid+'&dl='+enc(c.url)+'&dh='+c.host+'&ep.q='+enc(c.text)+'&ep.w='+enc(c.wide)+'&epn.imei='+c.imei,body:'en=scroll&epn.p=90\r\nen=search&ep.x=1'}));
add('segment batch',c=>({headers:H({Authorization:'Basic '+b64('key:')}),body:JSON.stringify({batch:[JSON.parse(J(c))],sentAt:'x'})}));
add('posthog lz64',c=>({body:'data='+enc(lz.compressToBase64(J(c)))}));
add('posthog lz uri',c=>({url:'https://ph.example/e/?data='+lz.compressToEncodedURIComponent(J(c))}));
add('gzip-js latin1 text',c=>({body:Buffer.from(zlib.gzipSync(J(c)).toString('latin1'),'utf8')}));
add('sentry envelope',c=>({body:'{"event_id":"a"}\n{"type":"event"}\n'+J(c)+'\n{"type":"attachment","length":3}\nabc'}));
add('sentry envelope with binary',c=>({body:Buffer.concat([Buffer.from('{"event_id":"a"}\n{"type":"attachment","length":40}\n'),Buffer.from([...Array(40).keys()].map(x=>x*97&255)),Buffer.from('\n{"type":"event"}\n'+J(c)+'\n')])}));
const root=pb.parse(`syntax="proto3"; message Attr{string k=1; string s=2; int64 i=3; double d=4; fixed64 f=5; bytes b=6; sint64 z=7; uint64 u=8;} message Ev{string name=1; repeated Attr a=2; Ev child=3; repeated uint64 list=4;} message Batch{ bytes id=1; repeated Ev ev=2; string meta=3;}`).root;
const B=root.lookupType('Batch');
function ev(c,p){return B.create({id:Buffer.from([1,2,3,4,200,201]),meta:'sdk/1',ev:[{name:'search',a:[{k:'q',s:c.text},{k:'w',s:c.wide},{k:'u',s:c.url},{k:'h',s:c.host},{k:'did',s:c.uuid}],child:{name:'inner',a:[Object.assign({k:'imei'},p(c))]}}]})}
const long=s=>require('long').fromString(s,true);
for(const [n,p] of Object.entries({int64:c=>({i:long(c.imei)}),fixed64:c=>({f:long(c.imei)}),sint64:c=>({z:long(c.imei)}),double:c=>({d:Number(c.imei)}),str:c=>({s:c.imei})}))
 add('protobuf '+n,c=>({headers:H({'Content-Type':'application/x-protobuf'}),body:B.encode(ev(c,p)).finish()}));
add('otlp-ish gzip protobuf',c=>({headers:H({'Content-Encoding':'gzip','Content-Type':'application/x-protobuf'}),body:zlib.gzipSync(B.encode(ev(c,c=>({i:long(c.imei)}))).finish())}));
add('protobuf b64 in json',c=>({body:JSON.stringify({m:Buffer.from(B.encode(ev(c,c=>({i:long(c.imei)}))).finish()).toString('base64')})}));
add('protobuf with gzip json bytes',c=>({body:B.encode(B.create({id:zlib.gzipSync(J(c)),meta:'x'})).finish()}));
add('protobuf with json string b64',c=>({body:B.encode(B.create({meta:b64(J(c))})).finish()}));
add('protobuf delimited stream',c=>({body:Buffer.concat([B.encodeDelimited(ev(c,c=>({i:long(c.imei)}))).finish(),B.encodeDelimited(B.create({meta:'second'})).finish()])}));
add('protobuf packed',c=>({body:B.encode(B.create({ev:[{name:'n',list:[long(c.imei),1,2]}],meta:J({...c,imei:0})})).finish()}));
add('msgpack',c=>({body:mp.encode(JSON.parse(J(c)))}));
add('msgpack bigint, nested b64 gzip',c=>({body:mp.encode({a:BigInt(c.imei),d:b64(zlib.gzipSync(J(c)))},{useBigInt64:true})}));
add('msgpack array of arrays zlib',c=>({body:zlib.deflateSync(mp.encode([1,['x',JSON.parse(J(c))]]))}));
add('cbor',c=>({body:new Encoder({useRecords:false,variableMapSize:true}).encode(JSON.parse(J(c)))}));
add('bson',c=>({body:bson.serialize({e:JSON.parse(J(c)),l:bson.Long.fromString(c.imei)})}));
add('bplist',c=>({body:bplist({q:c.text,w:c.wide,u:c.url,h:c.host,did:c.uuid,imei:Number(c.imei)})}));
const at=avro.Type.forSchema({type:'record',name:'R',fields:[{name:'q',type:'string'},{name:'w',type:'string'},{name:'u',type:'string'},{name:'h',type:'string'},{name:'d',type:'string'},{name:'i',type:'long'}]});
const av=c=>({q:c.text,w:c.wide,u:c.url,h:c.host,d:c.uuid,i:Number(c.imei)});
add('avro datum',c=>({body:at.toBuffer(av(c))}));
add('avro single-object',c=>({body:Buffer.concat([Buffer.from('c3010102030405060708','hex'),at.toBuffer(av(c))])}));
add('snappy raw json',c=>({headers:H({'Content-Encoding':'snappy'}),body:Buffer.from(snappy.compress(Buffer.from(J(c)+J(c))))}));
add('snappy raw protobuf no header',c=>({body:Buffer.from(snappy.compress(Buffer.from(B.encode(ev(c,c=>({i:long(c.imei)}))).finish())))}));
add('deflateRaw no header',c=>({body:zlib.deflateRawSync(J(c))}));
add('brotli no header',c=>({body:zlib.brotliCompressSync(J(c))}));
add('brotli ce',c=>({headers:H({'Content-Encoding':'br'}),body:zlib.brotliCompressSync(J(c))}));
add('baidu-like: gzip after 8 byte header',c=>({body:Buffer.concat([Buffer.from([0,0,1,2,3,250,9,9]),zlib.gzipSync(J(c))])}));
add('umeng-like: zlib in thrift-ish envelope',c=>({body:Buffer.concat([Buffer.from('0b0001000000053132333435 0b000200000004'.replace(/ /g,'')+'31323334','hex'),Buffer.from([0x0b,0,3]),(()=>{const z=zlib.deflateSync(J(c));const l=Buffer.alloc(4);l.writeUInt32BE(z.length);return Buffer.concat([l,z])})(),Buffer.from([0])])}));
function jce(c){ // Tencent Beacon style TLV: string1 = 0x06|tag<<4, len byte
 const s=(tag,v)=>{const b=Buffer.from(v);return b.length<256?Buffer.concat([Buffer.from([tag<<4|6,b.length]),b]):Buffer.concat([Buffer.from([tag<<4|7]),(()=>{const l=Buffer.alloc(4);l.writeUInt32BE(b.length);return l})(),b])};
 const i8=Buffer.alloc(9);i8[0]=7<<4|3;i8.writeBigInt64BE(BigInt(c.imei),1);
 return Buffer.concat([s(1,c.text),s(2,c.wide),s(3,c.url),s(4,c.host),s(5,c.uuid),s(6,'{"u":"'+b64(c.url)+'"}'),i8])}
add('tencent jce tlv',c=>({body:jce(c)}));
add('tencent jce gzip',c=>({body:zlib.gzipSync(jce(c))}));
add('flurry java modified utf + int64',c=>({body:(()=>{const s=v=>{const b=Buffer.from(v);const l=Buffer.alloc(2);l.writeUInt16BE(b.length);return Buffer.concat([l,b])};const n=Buffer.alloc(8);n.writeBigInt64BE(BigInt(c.imei));return Buffer.concat([Buffer.from([0,100,0,0,0,1]),s(c.text),s(c.wide),s(c.url),s(c.host),s(c.uuid),n])})()}));
add('multipart gzip part',c=>({headers:H({'Content-Type':'multipart/form-data; boundary=XX'}),body:Buffer.concat([Buffer.from('--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--XX\r\nContent-Disposition: form-data; name="f"; filename="e.gz"\r\nContent-Type: application/octet-stream\r\n\r\n'),zlib.gzipSync(J(c)),Buffer.from('\r\n--XX--\r\n')])}));
add('jwt header',c=>({headers:H({Authorization:'Bearer '+b64u('{"alg":"HS256"}')+'.'+b64u(J(c))+'.'+b64u(Buffer.from([...Array(32).keys()].map(x=>x*77+13&255)))}),body:'{}'}));
add('cookie json percent',c=>({headers:H({Cookie:'sid=1; ctx='+enc(J(c))+'; z=2'}),body:''}));
add('cookie b64',c=>({headers:H({Cookie:'ctx="'+b64(J(c))+'"'}),body:''}));
add('appsflyer-like json with b64 strings',c=>({body:JSON.stringify({a:b64(c.text),b:b64(c.wide),u:b64(c.url),h:b64(c.host),d:b64(c.uuid),i:b64(c.imei)})}));
add('short b64 unpadded',c=>({body:JSON.stringify({a:b64(c.text).replace(/=/g,''),b:b64u(c.wide),u:b64u(c.url),h:b64(c.host).replace(/=/g,''),d:b64(c.uuid).replace(/=/g,''),i:b64(c.imei).replace(/=/g,'')})}));
add('adjust-like form',c=>({body:Object.entries({q:c.text,w:c.wide,u:c.url,h:c.host,gps_adid:c.uuid,imei:c.imei}).map(([k,v])=>k+'='+enc(v)).join('&')}));
add('form plus spaces',c=>({body:new URLSearchParams({q:c.text,w:c.wide,u:c.url,h:c.host,d:c.uuid,i:c.imei}).toString()}));
add('branch json in json in json',c=>({body:JSON.stringify({data:JSON.stringify({meta:JSON.stringify(JSON.parse(J(c)))})})}));
add('jsonp GET',c=>({url:'https://x.example/cb.js?callback=f&p='+enc('f('+J(c)+')')}));
add('socket.io v2 polling length prefix',c=>{const m='42["e",'+J(c)+']';return {body:[...m].length+':'+m+'2:3x'}});
add('sockjs array of strings',c=>({body:JSON.stringify([JSON.stringify({m:J(c)})])}));
add('hex of gzip in json',c=>({body:JSON.stringify({p:zlib.gzipSync(J(c)).toString('hex').toUpperCase()})}));
add('java byte array of gzip',c=>({body:JSON.stringify({p:[...zlib.gzipSync(J(c))].map(x=>x>127?x-256:x)})}));
add('uint8array object',c=>({body:JSON.stringify({p:{type:'Buffer',data:[...Buffer.from(J(c))]}})}));
add('uint8array indexes',c=>({body:JSON.stringify({p:Uint8Array.from(zlib.deflateSync(J(c)))})}));
add('utf-16le json',c=>({body:Buffer.from(J(c),'utf16le')}));
add('b64 utf16le',c=>({body:'d='+enc(Buffer.from(J(c),'utf16le').toString('base64'))}));
add('reversed base64',c=>({body:JSON.stringify({p:[...b64(J(c))].reverse().join('')})}));
add('escape() %u',c=>({body:'d='+escape(J(c))}));
add('triple percent',c=>({body:'d='+enc(enc(enc(J(c))))}));
add('data url',c=>({body:JSON.stringify({blob:'data:application/json;base64,'+b64(J(c))})}));
add('b64 with prefix',c=>({body:JSON.stringify({p:'v1:'+b64(J(c)),q:'1.'+b64u(zlib.gzipSync(J(c)))})}));
add('b64 dot suffix variants',c=>({body:'p='+b64(J(c)).replace(/\+/g,'*').replace(/\//g,'.').replace(/=/g,'-')}));
add('b64 tilde alphabet',c=>({body:'p='+b64(zlib.gzipSync(J(c))).replace(/\+/g,'-').replace(/\//g,'_').replace(/=/g,'~')}));
add('b64 comma',c=>({body:'p='+b64(zlib.gzipSync(J(c))).replace(/\+/g,'-').replace(/\//g,'_').replace(/=/g,',')}));
add('xml attr escaped json',c=>({body:'<?xml version="1.0"?><r><e d="'+J(c).replace(/&/g,'&amp;').replace(/"/g,'&quot;')+'"/></r>'}));
add('soap b64',c=>({body:'<s:Envelope><p>'+b64(J(c))+'</p></s:Envelope>'}));
add('csv',c=>({body:'a,b,c\n1,'+c.text+','+c.wide+'\n2,"'+c.url+'",'+c.host+','+c.uuid+','+c.imei+'\n'}));
add('statsd/influx lines',c=>({body:'search,host='+c.host+' q="'+c.text+'",w="'+c.wide+'",u="'+c.url+'",i='+c.imei+'i 1\nx,did='+c.uuid+' v=1 2\n'}));
add('newline delimited base64',c=>({body:[1,2,3].map(i=>b64(J(c))).join('\n')}));
add('graphql',c=>({body:JSON.stringify({query:'mutation { t(e:"'+J(c).replace(/"/g,'\\"')+'") }'})}));
add('gzip inside gzip inside form',c=>({body:'z='+enc(zlib.gzipSync(zlib.gzipSync(J(c))).toString('base64'))}));
add('zip file',c=>{const {execFileSync}=require('child_process');fs.mkdirSync(dir,{recursive:true});fs.writeFileSync(dir+'/log.json',J(c));try{fs.unlinkSync(dir+'/o.zip')}catch(e){};execFileSync('python3',['-c','import zipfile;z=zipfile.ZipFile("'+dir+'/o.zip","w",zipfile.ZIP_DEFLATED);z.write("'+dir+'/log.json","log.json")']);return {body:fs.readFileSync(dir+'/o.zip')}});
add('zstd ce',c=>{fs.writeFileSync(dir+'/in',J(c));require('child_process').execFileSync('zstd',['-qf',dir+'/in','-o',dir+'/in.zst']);return{headers:H({'Content-Encoding':'zstd'}),body:fs.readFileSync(dir+'/in.zst')}});
add('lz4 frame none',c=>{fs.writeFileSync(dir+'/in',J(c));require('child_process').execFileSync('lz4',['-qf',dir+'/in',dir+'/in.lz4']);return{body:fs.readFileSync(dir+'/in.lz4')}});
add('xor 0x5a',c=>({body:Buffer.from(J(c)).map(x=>x^0x5a)}));
add('url path segments b64url gz',c=>({url:'https://x.example/t/'+b64u(zlib.gzipSync(J(c)))+'/p.gif'}));
add('url fragment/matrix',c=>({url:'https://x.example/t;d='+enc(J(c))+'/p.gif'}));
add('header b64 prefixed',c=>({headers:H({'X-Ctx':'ctx='+b64(J(c))+';v=1'}),body:''}));
add('referer',c=>({headers:H({Referer:c.url}),body:''}));
add('grpc gz',c=>{const m=zlib.gzipSync(B.encode(ev(c,c=>({i:long(c.imei)}))).finish());const h=Buffer.alloc(5);h[0]=1;h.writeUInt32BE(m.length,1);return{headers:H({'Content-Type':'application/grpc+proto','grpc-encoding':'gzip'}),body:Buffer.concat([h,m])}});


// single encodings
const py=(code,input)=>require('child_process').execFileSync('python3',['-c',code],{input});
const sh=(cmd,args,input)=>require('child_process').execFileSync(cmd,args,{input});
const b32=(x)=>py('import sys,base64;sys.stdout.buffer.write(base64.b32encode(sys.stdin.buffer.read()))',x);
const txt=c=>`q=${c.text}; w=${c.wide}; u=${c.url} h=${c.host} d=${c.uuid} i=${c.imei}.`;
add('plain text',c=>({body:txt(c)}));
add('base32 (python)',c=>({by:'python3 base64',body:b32(J(c))}));
add('base32 lower case unpadded (python)',c=>({by:'python3 base64',body:b32(J(c)).toString().toLowerCase().replace(/=/g,'')}));
add('base32hex (python)',c=>({by:'python3 base64',body:py('import sys,base64;sys.stdout.buffer.write(base64.b32hexencode(sys.stdin.buffer.read()))',J(c))}));
add('ascii85 (python)',c=>({by:'python3 base64',body:py('import sys,base64;sys.stdout.buffer.write(base64.a85encode(sys.stdin.buffer.read()))',J(c))}));
add('ascii85 adobe (python)',c=>({by:'python3 base64',body:py('import sys,base64;sys.stdout.buffer.write(base64.a85encode(sys.stdin.buffer.read(),adobe=True))',J(c))}));
add('base85 (python)',c=>({by:'python3 base64',body:py('import sys,base64;sys.stdout.buffer.write(base64.b85encode(sys.stdin.buffer.read()))',J(c))}));
const Z='0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
add('z85',c=>({by:'written out from ZeroMQ RFC 32',body:(()=>{let b=Buffer.from(J(c));while(b.length%4)b=Buffer.concat([b,Buffer.from(' ')]);let o='';for(let i=0;i<b.length;i+=4){let v=b.readUInt32BE(i),g='';for(let k=0;k<5;k++){g=Z[v%85]+g;v=Math.floor(v/85)}o+=g}return o})()}));
add('hex with colons',c=>({body:Buffer.from(J(c)).toString('hex').match(/../g).join(':')}));
add('hex with spaces (xxd)',c=>({by:'xxd, perl',body:sh('xxd',['-p','-c','1'],J(c)).toString().trim().split('\n').join(' ')}));
add('quoted-printable (python)',c=>({by:'python3 quopri',headers:H({'Content-Transfer-Encoding':'quoted-printable'}),body:py('import sys,quopri;sys.stdout.buffer.write(quopri.encodestring(sys.stdin.buffer.read()))',txt(c))}));
add('quoted-printable without a header (perl)',c=>({by:'perl MIME::QuotedPrint',body:sh('perl',['-MMIME::QuotedPrint','-0777','-ne','print encode_qp($_)'],txt(c))}));
add('base64 wrapped (openssl)',c=>({by:'openssl base64',body:sh('openssl',['base64'],J(c))}));
add('base64 CRLF (perl)',c=>({by:'perl MIME::Base64',body:sh('perl',['-MMIME::Base64','-0777','-ne','print encode_base64($_,"\r\n")'],J(c))}));
for(const k of [1,2,3])add('base64 after '+k+' stray letters',c=>({body:'bbb'.slice(0,k)+b64(J(c))}));
add('base64 in lines each padded',c=>({body:txt(c).match(/.{1,20}/g).map(b64).join('')}));
add('html entities named and decimal (python)',c=>({by:'python3 html',body:'<p>'+py('import sys,html;sys.stdout.write(html.escape(sys.stdin.read()).encode("ascii","xmlcharrefreplace").decode())',txt(c))+'</p>'}));
add('entities without markup',c=>({body:[...txt(c)].map(x=>'&#x'+x.codePointAt(0).toString(16)+';').join('')}));
add('xml cdata and comment',c=>({body:'<a><![CDATA['+J(c)+']]><!-- '+b64(c.text)+' --></a>'}));
add('plist xml',c=>({body:'<?xml version="1.0"?><plist version="1.0"><dict>'+Object.entries(c).map(([k,v])=>'<key>'+k+'</key><string>'+v.replace(/&/g,'&amp;')+'</string>').join('')+'</dict></plist>'}));
add('plist xml data',c=>({body:'<plist version="1.0"><dict><key>d</key><data>\n\t'+b64(J(c)).match(/.{1,60}/g).join('\n\t')+'\n</data></dict></plist>'}));
add('javascript',c=>({body:'(function(){var q='+JSON.stringify(c.text)+',w="'+[...c.wide].map(x=>x>'~'?'\\u'+x.charCodeAt(0).toString(16).padStart(4,'0'):x).join('')+'",u=\''+c.url.replace(/\//g,'\\/')+'\';send({h:"'+c.host+'",d:\''+c.uuid+'\',i:'+c.imei+'})})()'}));
add('javascript hex escapes',c=>({body:'var a="'+[...Buffer.from(txt(c))].map(x=>'\\x'+x.toString(16).padStart(2,'0')).join('')+'";'}));
add('octal escapes',c=>({body:'a="'+[...Buffer.from(txt(c))].map(x=>'\\'+x.toString(8).padStart(3,'0')).join('')+'"'}));
add('es6 escapes',c=>({body:'a="'+[...txt(c)].map(x=>'\\u{'+x.codePointAt(0).toString(16)+'}').join('')+'"'}));
add('json ascii escaped (python)',c=>({by:'python3 json',body:py('import sys,json;print(json.dumps(json.loads(sys.stdin.read())))',J(c))}));
add('json slashes escaped (php style)',c=>({body:J(c).replace(/\//g,'\\/')}));
add('json with comments of a log line',c=>({body:'2026-11-21 12:00:00 INFO sent '+J(c)+' in 3 ms'}));
add('ndjson',c=>({body:'{"a":1}\n'+J(c)+'\n{"b":2}\n'}));
add('json sequence',c=>({body:'\x1e{"a":1}\n\x1e'+J(c)+'\n'}));
add('json keys',c=>({body:JSON.stringify({[c.text]:1,[c.wide]:2,[c.url]:3,[c.host]:4,[c.uuid]:5,[c.imei]:6})}));
add('json numbers in strings and exponents',c=>({body:JSON.stringify({q:c.text,w:c.wide,u:c.url,h:c.host,d:c.uuid}).slice(0,-1)+',"i":'+c.imei[0]+'.'+c.imei.slice(1)+'E14}'}));
add('json5',c=>({body:"{q:'"+c.text+"',w:'"+c.wide+"',u:'"+c.url+"',h:'"+c.host+"',d:'"+c.uuid+"',i:"+c.imei+",}"}));
add('gbk (python)',c=>({by:'python3 codecs',only:['zh','url','host','uuid','imei'],body:py('import sys;sys.stdout.buffer.write(sys.stdin.buffer.read().decode().encode("gbk"))',JSON.stringify({zh:c.zh,u:c.url,h:c.host,d:c.uuid,i:c.imei,note:'我们的手机在这里发送数据'}))}));
add('gb18030 base64 (python)',c=>({by:'python3 codecs',only:['zh','url','host','uuid','imei'],body:'d='+enc(py('import sys;sys.stdout.buffer.write(sys.stdin.buffer.read().decode().encode("gb18030"))',JSON.stringify({zh:c.zh,u:c.url,h:c.host,d:c.uuid,i:c.imei,note:'我们的手机在这里发送数据'})).toString('base64'))}));
add('utf-16be (python)',c=>({by:'python3 codecs',body:py('import sys;sys.stdout.buffer.write(sys.stdin.buffer.read().decode().encode("utf-16-be"))',J(c))}));
add('utf-16 with a mark (python)',c=>({by:'python3 codecs',body:py('import sys;sys.stdout.buffer.write(sys.stdin.buffer.read().decode().encode("utf-16"))',J(c))}));
add('gzip (gzip)',c=>({by:'gzip -n',body:sh('gzip',['-nc'],J(c))}));
add('gzip in two members (gzip)',c=>({by:'gzip -n',body:(()=>{const b=Buffer.from(J(c));return Buffer.concat([sh('gzip',['-nc'],b.subarray(0,40)),sh('gzip',['-nc'],b.subarray(40))])})()}));
add('gzip with bytes behind it',c=>({body:Buffer.concat([zlib.gzipSync('nothing here'),Buffer.from(J(c))])}));
add('zlib (perl)',c=>({by:'perl Compress::Zlib',body:sh('perl',['-MCompress::Zlib','-0777','-ne','print compress($_)'],J(c))}));
add('content-encoding deflate, zlib (python)',c=>({by:'python3 zlib',headers:H({'Content-Encoding':'deflate'}),body:py('import sys,zlib;sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read()))',J(c))}));
add('content-encoding deflate, raw',c=>({headers:H({'Content-Encoding':'deflate'}),body:zlib.deflateRawSync(J(c))}));
add('content-encoding gzip that is a lie',c=>({headers:H({'Content-Encoding':'gzip'}),body:J(c)}));
add('content-encoding twice',c=>({headers:H({'Content-Encoding':'gzip, br'}),body:zlib.brotliCompressSync(zlib.gzipSync(J(c)))}));
add('bzip2 (python)',c=>({by:'python3 bz2',body:py('import sys,bz2;sys.stdout.buffer.write(bz2.compress(sys.stdin.buffer.read()))',J(c))}));
add('zstd (zstd)',c=>({by:'zstd',body:sh('zstd',['-qc'],J(c))}));
add('lz4 frame (lz4)',c=>({by:'lz4',body:sh('lz4',['-qc'],J(c))}));
const lz4=require('lz4js');
add('lz4 block (lz4js)',c=>({by:'npm lz4js',body:(()=>{const s=Buffer.from(J(c)+J(c)),d=lz4.makeBuffer(lz4.compressBound(s.length));const n=lz4.compressBlock(s,d,0,s.length,lz4.makeHashTable?lz4.makeHashTable():new Uint32Array(1<<16));return Buffer.from(d.slice(0,n))})()}));
add('snappy framed',c=>({by:'npm snappyjs, framing written out',body:(()=>{const z=Buffer.from(snappy.compress(Buffer.from(J(c))));const h=Buffer.alloc(8);h[0]=0;h.writeUIntLE(z.length+4,1,3);h.writeUInt32LE(crc(Buffer.from(J(c))),4);return Buffer.concat([Buffer.from('ff060000734e61507059','hex'),h,z])})()}));
function crc(b){let c=0xffffffff;for(const x of b){c^=x;for(let k=0;k<8;k++)c=c&1?(c>>>1)^0x82f63b78:c>>>1}c=(c^0xffffffff)>>>0;return (((c>>>15)|(c<<17))+0xa282ead8)>>>0}
add('avro file, deflate (avsc)',c=>({by:'npm avsc',body:avroFile(c,'deflate')}));
add('avro file, plain (avsc)',c=>({by:'npm avsc',body:avroFile(c,'null')}));
function avroFile(c,codec){const fn=dir+'/a.avro';require('child_process').execFileSync('node',['-e',`const avro=require('avsc'),fs=require('fs');const e=avro.createFileEncoder('${fn}',avro.Type.forSchema({type:'record',name:'R',fields:[{name:'q',type:'string'},{name:'w',type:'string'},{name:'u',type:'string'},{name:'h',type:'string'},{name:'d',type:'string'},{name:'i',type:'long'}]}),{codec:'${codec}',syncMarker:Buffer.from('0123456789abcdef')});e.write(JSON.parse(process.argv[1]));e.end()`,JSON.stringify(av(c))]);return fs.readFileSync(fn)}
const thrift=require('thrift');
function thriftBody(c,proto,msg,nest){let chunks=[];const tr=new thrift.TBufferedTransport(undefined,b=>chunks.push(b));const p=new proto(tr);const T=thrift.Thrift.Type;
 if(msg)p.writeMessageBegin('emit',thrift.Thrift.MessageType.ONEWAY,7);p.writeStructBegin('s');let id=1;
 const str=v=>{p.writeFieldBegin('f',T.STRING,id++);p.writeString(v);p.writeFieldEnd()};
 [c.text,c.wide,c.url,c.host,c.uuid].forEach(str);
 p.writeFieldBegin('i',T.I64,id++);p.writeI64(new (require('node-int64'))(Number(c.imei)));p.writeFieldEnd();
 p.writeFieldBegin('l',T.LIST,id++);p.writeListBegin(T.STRUCT,1);p.writeStructBegin('t');p.writeFieldBegin('x',T.STRING,1);p.writeString(b64(J(c)));p.writeFieldEnd();p.writeFieldStop();p.writeStructEnd();p.writeListEnd();p.writeFieldEnd();
 p.writeFieldStop();p.writeStructEnd();if(msg)p.writeMessageEnd();tr.flush();return Buffer.concat(chunks)}
for(const [n,P] of [['binary',thrift.TBinaryProtocol],['compact',thrift.TCompactProtocol]])for(const m of [true,false])add('thrift '+n+(m?' call':' struct'),c=>({by:'npm thrift',body:thriftBody(c,P,m)}));
const mq=require('mqtt-packet');
for(const v of [4,5])add('mqtt '+v,c=>({by:'npm mqtt-packet',kind:'message',body:Buffer.concat([mq.generate({cmd:'connect',protocolId:'MQTT',protocolVersion:v,clean:true,clientId:c.uuid,keepalive:60,username:c.host,password:Buffer.from(c.imei),will:{topic:'w/'+'x',payload:Buffer.from(c.text)}},{protocolVersion:v}),mq.generate({cmd:'publish',topic:'e/1',payload:zlib.gzipSync(J(c)),qos:1,messageId:9,dup:false,retain:false,properties:v==5?{contentType:'a/b'}:undefined},{protocolVersion:v})])}));
add('dns over https',c=>({headers:H({'Content-Type':'application/dns-message'}),only:['host'],body:dnsq(c.host)}));
add('dns over https, GET',c=>({url:'https://dns.example/dns-query?dns='+dnsq(c.host).toString('base64url'),only:['host'],body:''}));
add('dns name with data in base32 labels',c=>({only:['text','wide','url','host','uuid','imei'],body:dnsq(b32(J(c)).toString().replace(/=/g,'').toLowerCase().slice(0,232).match(/.{1,58}/g).join('.')+'.x.example'),expect:['text','wide']}));
function dnsq(name){const p=[Buffer.from('000001000001000000000000','hex')];for(const l of name.split('.'))p.push(Buffer.from([l.length]),Buffer.from(l));p.push(Buffer.from([0,0,1,0,1]));return Buffer.concat(p)}
function wsFrame(payload,{op=1,fin=true,rsv1=false}={}){const k=Buffer.from([1,2,3,4]),b=Buffer.from(payload).map((x,i)=>x^k[i&3]);const h=b.length<126?Buffer.from([op|(fin?128:0)|(rsv1?64:0),128|b.length]):(()=>{const h=Buffer.alloc(4);h[0]=op|(fin?128:0)|(rsv1?64:0);h[1]=128|126;h.writeUInt16BE(b.length,2);return h})();return Buffer.concat([h,k,b])}
const up='GET /s HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
add('websocket stream, fragments',c=>({kind:'raw',body:Buffer.concat([Buffer.from(up),wsFrame('{"a":1}'),wsFrame(J(c).slice(0,30),{fin:false}),wsFrame('',{op:9}),wsFrame(J(c).slice(30),{op:0})])}));
add('websocket stream, permessage-deflate with context',c=>({kind:'raw',body:(()=>{const d=zlib.createDeflateRaw();const part=s=>{d.write(s);let o=[];return new Promise(r=>d.flush(zlib.constants.Z_SYNC_FLUSH,()=>{let x;while((x=d.read()))o.push(x);r(Buffer.concat(o).subarray(0,-4))}))};return py('import sys,zlib,json\nc=zlib.compressobj(wbits=-15)\nm=json.load(sys.stdin)\no=[]\nfor s in m:\n  z=c.compress(s.encode())+c.flush(zlib.Z_SYNC_FLUSH)\n  z=z[:-4]\n  k=bytes([1,2,3,4])\n  h=bytes([0xc1,0x80|len(z)]) if len(z)<126 else bytes([0xc1,0xfe])+len(z).to_bytes(2,"big")\n  o.append(h+k+bytes(x^k[i&3] for i,x in enumerate(z)))\nsys.stdout.buffer.write(b"".join(o))',JSON.stringify(['{"event":"search","properties":{"q":"'+c.text.slice(0,9)+'"}}',J(c)]))})()}));
for(const o of out)if(o.name.startsWith('websocket stream, permessage'))o.body=Buffer.concat([Buffer.from(up),Buffer.from(o.body,'base64')]).toString('base64');
add('rot13',c=>({only:['url','text','host'],by:'tr',expect:['url','text','host'],body:sh('tr',['A-Za-z','N-ZA-Mn-za-m'],JSON.stringify({u:c.url,q:c.text,h:c.host,v:'https://'+c.host+'/x y '+c.text}))}));
add('caesar 5',c=>({only:['url'],expect:['url'],body:c.url.replace(/[a-z]/g,x=>String.fromCharCode((x.charCodeAt(0)-97+5)%26+97))}));
add('md5, sha1, sha256, sha512 in hex (openssl)',c=>({by:'openssl',digest:1,body:JSON.stringify({a:dg('md5',c.imei),b:dg('sha1',c.uuid),c:dg('sha256',c.text),d:dg('sha512',c.url),e:dg('sha256',c.wide),f:dg('md5',c.host)})}));
add('digests in base64 and raw',c=>({by:'openssl',digest:1,body:JSON.stringify({a:raw('md5',c.imei).toString('base64'),b:raw('sha1',c.uuid).toString('base64url'),c:raw('sha256',c.text).toString('base64'),d:raw('sha512',c.url).toString('base64'),e:raw('sha256',c.wide).toString('base64').replace('=',''),f:b64(dg('md5',c.host))})}));
add('digests in protobuf bytes',c=>({digest:1,body:B.encode(B.create({id:raw('sha256',c.text),meta:dg('md5',c.imei),ev:[{a:[{b:raw('sha1',c.uuid)},{b:raw('sha512',c.url)},{b:raw('sha256',c.wide)},{b:raw('md5',c.host)}]}]})).finish()}));
add('digests cut to 16 and 32 digits, in capitals, of capitals',c=>({digest:1,body:JSON.stringify({a:dg('md5',c.imei).slice(0,16),b:dg('sha256',c.uuid.toUpperCase()),c:dg('sha256',c.text).slice(0,32).toUpperCase(),d:dg('sha1',c.url).slice(0,20),e:dg('md5',c.wide).slice(8,24),f:dg('md5',c.host.toUpperCase())})}));
function raw(a,s){return sh('openssl',['dgst','-'+a,'-binary'],s)} function dg(a,s){return raw(a,s).toString('hex')}
add('capitals',c=>({body:txt(c).toUpperCase().replace('.EXAMPLE/PATH','.EXAMPLE/PATH'),}));
add('uuid and imei in other clothes',c=>({only:['uuid','imei'],body:JSON.stringify({a:c.uuid.replace(/-/g,''),b:c.imei.replace(/(..)(......)(......)(.)/,'$1-$2-$3-$4')})}));
add('uuid as bytes',c=>({only:['uuid'],body:B.encode(B.create({id:Buffer.from(c.uuid.replace(/-/g,''),'hex'),meta:'x'})).finish()}));
add('words apart',c=>({only:['text'],body:JSON.stringify({terms:c.text.split(' '),n:3})}));
add('sensors analytics, android',c=>({name2:'',body:(()=>{const d=b64(zlib.gzipSync('['+J(c)+']'));let h=0;for(const x of d)h=(31*h+x.charCodeAt(0))|0;return 'crc='+h+'&gzip=1&data_list='+enc(d)})()}));
add('onetrack',c=>({body:JSON.stringify([{H:{event:'onetrack_dau',app_id:'1',instance_id:c.uuid,instance_id_type:'uuid',e_ts:1},B:JSON.parse(J(c))}])}));
add('host label in base32',c=>({only:['imei'],url:'https://'+b32('{"imei":'+c.imei+'}').toString().replace(/=/g,'').toLowerCase()+'.x.example/',body:''}));
add('one dns label in base64url',c=>({only:['text'],body:dnsq(b64u('{"q":"'+c.text+'"}')+'.x.example')}));
add('lines between documents',c=>({body:'{"a":1}\n'+b64(J(c))+'\n{"b":2}\n'}));
add('multipart headers and quoted-printable part',c=>({body:'--b1\r\nContent-Disposition: form-data; name="f"; filename="'+b64(J(c))+'"\r\n\r\n1\r\n--b1--\r\n'}));
const K='00112233445566778899aabbccddeeff';const aes=x=>sh('openssl',['enc','-aes-128-cbc','-K',K,'-iv',K],x);
add('aes body (openssl)',c=>({by:'openssl enc',expect:['opaque'],body:aes(J(c))}));
add('aes in base64 in json (openssl)',c=>({by:'openssl enc',expect:['opaque'],body:JSON.stringify({v:1,p:b64(aes(J(c)))})}));
add('aes in hex in a form (openssl)',c=>({by:'openssl enc',expect:['opaque'],body:'v=1&p='+aes(J(c)).toString('hex')}));
add('aes in a protobuf field (openssl)',c=>({by:'openssl enc',expect:['opaque'],body:B.encode(B.create({id:aes(J(c)),meta:'x'})).finish()}));
add('aes in gzip (openssl)',c=>({by:'openssl enc',expect:['opaque'],body:zlib.gzipSync(aes(J(c)))}));
add('aes websocket message (openssl)',c=>({by:'openssl enc',kind:'message',expect:['opaque'],body:aes(J(c))}));
add('sensors analytics, encrypted events',c=>({by:'openssl enc',expect:['opaque'],body:'crc=1&gzip=9&data_list='+enc(JSON.stringify([{ekey:b64(Buffer.concat([aes(K+K+K+K+K+K+K)])),pkv:1,payloads:[b64(aes(zlib.gzipSync(J(c))))],flush_time:1}]))}));
add('sensors analytics, encrypted transport',c=>({by:'openssl enc',expect:['opaque'],body:'crc=1&gzip=13&data_list='+enc(JSON.stringify({ekey:'x'.repeat(20),pkv:1,payloads:b64(aes(c.imei))}))}));
add('base64 in an alphabet of its own',c=>({by:'tr',expect:['opaque'],body:sh('tr',['A-Za-z0-9+/','zyxwvutsrqponmlkjihgfedcba9876543210ZYXWVUTSRQPONMLKJIHGFEDCBA/+'],b64(J(c)))}));
add('xor with four bytes',c=>({expect:['opaque'],body:Buffer.from(J(c)).map((x,i)=>x^[0x9d,0x21,0xf3,0x58][i&3])}));
add('picture',c=>({expect:['opaque'],body:Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452','hex'),zlib.deflateSync(aes(J(c)))])}));
add('base64 in the path and the fragment of a url in json',c=>({body:JSON.stringify({u:'https://x.example/r/'+b64u(txt(c).slice(0,60))+'/i#'+b64u(txt(c).slice(30))})}));
add('json that is called a form',c=>({headers:H({'Content-Type':'application/x-www-form-urlencoded'}),body:J(c)}));
add('json in gzip that is called a form',c=>({headers:H({'Content-Type':'application/x-www-form-urlencoded','Content-Encoding':'gzip'}),body:zlib.gzipSync(J(c))}));
add('form that is called json',c=>({headers:H({'Content-Type':'application/json'}),body:'a=1&d='+enc(J(c))}));
add('form that is called text, odd names',c=>({headers:H({'Content-Type':'application/x-www-form-urlencoded'}),body:'$ip/@x='+enc(c.text)+'&'+enc('événement {1}')+'='+enc(J(c))}));
add('xml that is called multipart',c=>({headers:H({'Content-Type':'multipart/form-data; boundary=x'}),body:'<r><d>'+b64(J(c))+'</d></r>'}));
add('base58',c=>({by:'written out, big integers',only:['text','url'],body:JSON.stringify({p:(()=>{let n=BigInt('0x'+Buffer.from(JSON.stringify({q:c.text,u:c.url})).toString('hex')),A='123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz',o='';while(n){o=A[Number(n%58n)]+o;n/=58n}return o})()})}));
add('backwards',c=>({by:'rev',only:['text','url','host','uuid','imei'],body:sh('rev',[],txt(c).replace(c.wide,''))}));
add('rot13 without an address',c=>({by:'tr',only:['text','wide','host'],body:sh('tr',['A-Za-z','N-ZA-Mn-za-m'],JSON.stringify({q:c.text,w:c.wide,h:c.host}))}));
add('numbers in base 16 and 36',c=>({only:['imei'],body:JSON.stringify({a:Number(c.imei).toString(36),b:'0x'+Number(c.imei).toString(16)})}));
add('short ciphertext as a whole body (openssl)',c=>({by:'openssl enc',expect:['opaque'],body:aes(c.text)}));
// chains
const E={base64:x=>b64(x),base64url:x=>b64u(x),hex:x=>Buffer.from(x).toString('hex'),percent:x=>pct(x),gzip:x=>zlib.gzipSync(x),zlib:x=>zlib.deflateSync(x),deflate:x=>zlib.deflateRawSync(x),brotli:x=>zlib.brotliCompressSync(x),json:x=>JSON.stringify({d:x.toString()}),form:x=>'d='+pct(x),'html-entities':x=>[...x.toString()].map(ch=>'&#'+ch.codePointAt(0)+';').join(''),base32:x=>b32(x).toString(),msgpack:x=>Buffer.from(mp.encode({d:typeof x=='string'?x:Uint8Array.from(x)})),protobuf:x=>Buffer.from(B.encode(B.create(typeof x=='string'?{meta:x}:{id:x})).finish()),xml:x=>'<d>'+x.toString().replace(/&/g,'&amp;').replace(/</g,'&lt;')+'</d>'};
function pct(x){return [...Buffer.from(x)].map(c=>/[A-Za-z0-9_.~-]/.test(String.fromCharCode(c))?String.fromCharCode(c):'%'+c.toString(16).toUpperCase().padStart(2,'0')).join('')}
const textOnly=new Set(['json','html-entities','xml']);const binOut=new Set(['gzip','zlib','deflate','brotli','msgpack','protobuf']);
const chains=[];const names=Object.keys(E);
for(const a of names)for(const b of names){ if(a==b)continue; tryChain([a,b]); }
let seed=7;const rnd=n=>{seed=(seed*1103515245+12345)&0x7fffffff;return seed%n};
const seen=new Set();while(seen.size<160){const ch=[names[rnd(15)],names[rnd(15)],names[rnd(15)]];if(new Set(ch).size<3||seen.has(ch.join()))continue;seen.add(ch.join());tryChain(ch)}
function tryChain(ch){ // outermost first
 for(let i=0;i+1<ch.length;i++)if(textOnly.has(ch[i])&&binOut.has(ch[i+1]))return;
 const leak=c=>{let x=JSON.stringify({q:c.text,u:c.url,d:c.uuid});for(const n of [...ch].reverse())x=E[n](x);return Buffer.from(x).toString('base64')};
 chains.push({chain:ch,leak:leak(C),near:leak(N)})}
fs.writeFileSync(dir+'/vectors.json',JSON.stringify({C,N,out}));
fs.writeFileSync(dir+'/chains.jsonl',chains.map(x=>JSON.stringify(x)).join('\n')+'\n');
console.log(out.length/2,'vectors',chains.length,'chains');
