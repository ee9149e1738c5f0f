#!/usr/bin/env python3
"""Makes odd and broken tars: tars.py FOLDER.

tars.txt says what libarchive 3.6.2 (LA), Go's archive/tar (GO) and GNU tar (GNU) make of each, an entry as TYPE:NAME:SIZE.
"""
import os
import sys

out = sys.argv[1]
os.makedirs(out, exist_ok=True)


def oct_(v, n):
    return b'%0*o' % (n - 1, v) + b'\x00'


def b256(v, n):
    return (v & (1 << 8 * n) - 1).to_bytes(n, 'big') if v < 0 else bytes([128]) + v.to_bytes(n - 1, 'big')


def hdr(name=b'f', size=0, typ=b'0', link=b'', mode=0o644, uid=0, gid=0, mtime=1000000000, magic=b'ustar\x0000', uname=b'root', gname=b'root', prefix=b'', devmaj=0, devmin=0, raw={}, signed=False, badsum=False):
    f = dict(name=name, mode=oct_(mode, 8), uid=oct_(uid, 8), gid=oct_(gid, 8), size=oct_(size, 12), mtime=oct_(mtime, 12), link=link, magic=magic, uname=uname, gname=gname, dmaj=oct_(devmaj, 8), dmin=oct_(devmin, 8), prefix=prefix)
    f.update(raw)
    L = [('name', 100), ('mode', 8), ('uid', 8), ('gid', 8), ('size', 12), ('mtime', 12)]
    b = b''.join((f[k][:n].ljust(n, b'\x00') for k, n in L))
    b += b'        ' + typ + f['link'][:100].ljust(100, b'\x00') + f['magic'][:8].ljust(8, b'\x00') + f['uname'][:32].ljust(32, b'\x00') + f['gname'][:32].ljust(32, b'\x00') + f['dmaj'][:8].ljust(8, b'\x00') + f['dmin'][:8].ljust(8, b'\x00') + f['prefix'][:155].ljust(155, b'\x00')
    b = b.ljust(512, b'\x00')
    assert len(b) == 512
    s = sum((x - 256 if x > 127 else x for x in b)) if signed else sum(b)
    if badsum:
        s += 1
    return b[:148] + b'%06o\x00 ' % (s & 0o777777) + b[156:]


def pad(d):
    return d + b'\x00' * (-len(d) % 512)


def ent(data=b'', **k):
    k.setdefault('size', len(data))
    return hdr(**k) + pad(data)


def rec(k, v):
    k = k if isinstance(k, bytes) else k.encode()
    v = v if isinstance(v, bytes) else v.encode()
    n = len(k) + len(v) + 3
    while True:
        m = len(str(n)) + len(k) + len(v) + 3
        if m == n:
            break
        n = m
    return b'%d %s=%s\n' % (n, k, v)


def pax(kv, typ=b'x', name=b'PaxHeaders/x'):
    d = b''.join((rec(k, v) for k, v in (kv.items() if isinstance(kv, dict) else kv)))
    return ent(d, name=name, typ=typ)


GNU = b'ustar  \x00'


def glong(t, s):
    return ent(s + b'\x00', name=b'././@LongLink', typ=t, magic=GNU)


END = b'\x00' * 1024
C = {}


def case(n, d, end=True):
    C[n] = d + (END if end else b'')


def F(n=b'after', d=b'AFTER'):
    return ent(d, name=n)


# --- globals
case('g_uid_mtime_path', pax({'uid': '77', 'mtime': '12345', 'path': 'globalname'}, b'g') + F(b'a') + F(b'b'))
case('g_xattr', pax({'SCHILY.xattr.user.x': 'y'}, b'g') + F(b'a') + F(b'b'))
case('g_only', pax({'comment': 'git'}, b'g'))
case('g_middle', F(b'a') + pax({'comment': 'zz'}, b'g') + F(b'b'))

# --- names
nfd = 'e\u0301'.encode()
case('name_nfd_pax', pax({'path': nfd}) + F(b'x'))
case('name_nfd_ustar', F(nfd))
case('name_nfd_gnuL', glong(b'L', nfd * 60) + ent(b'A', name=b'x', magic=GNU))
case('name_bad_pax', pax({'path': b'b\xff\xfe'}) + F(b'x'))
case('name_bad_pax_binary', pax([('hdrcharset', 'BINARY'), ('path', b'b\xff\xfe')]) + F(b'x'))
case('name_bad_ustar', F(b'b\xff\xfe'))
case('name_surrogate_pax', pax({'path': b's\xed\xa0\x80\xed\xb0\x80'}) + F(b'x'))
case('name_overlong_pax', pax({'path': b'o\xc0\xaf'}) + F(b'x'))
case('name_hangul_jamo_pax', pax({'path': '\u1112\u1161\u11ab'.encode()}) + F(b'x'))
case('link_nfd_pax', pax({'linkpath': nfd}) + ent(name=b'sl', typ=b'2', link=b'q'))
case('uname_nfd_pax', pax({'uname': nfd, 'gname': b'g\xff'}) + F(b'x'))
case('name_nul_pax', pax({'path': b'a\x00b'}) + F(b'x'))
case('name_empty_pax', pax({'path': ''}) + F(b'x'))
case('name_empty', F(b''))
for i, n in enumerate([b'/', b'.', b'./', b'..', b'../x', b'/abs', b'a//b', b'a/./b', b'a/../b', b'a/', b'.wh.', b'.wh..', b'.wh...', b'.wh..wh..opq', b'.wh..wh.plnk/1', b'd/.wh..wh.foo']):
    case('pathform_%02d_%s' % (i, n.hex()), F(n))
case('name_100_noterm', F(b'n' * 100))
case('prefix_155_name_100', ent(b'x', name=b'n' * 100, prefix=b'p' * 155))
case('prefix_gnu_magic', ent(b'x', name=b'n', prefix=b'p', magic=GNU))
case('prefix_star_magic', ent(b'x', name=b'n', prefix=b'p' * 131, raw={'prefix': (b'p' * 130 + b'\x00' + b'00000001750\x00' + b'00000001750\x00').ljust(155, b'\x00')}))

# --- PAX records
case('pax_unknown', pax([('VENDOR.x', '1'), ('SCHILY.xattr.user.e', ''), ('SCHILY.xattr.user.n', b'a\x00b'), ('foo', 'bar'), ('realtime.x', '1'), ('security.x', '2'), ('GNU.dumpdir', 'Yx')]) + F(b'a'))
case('pax_dup_path', pax([('path', 'first'), ('path', 'second')]) + F(b'x'))
case('pax_dup_size', pax([('size', '5'), ('size', '0')]) + ent(b'AFTER', name=b'x') + F())
case('pax_noeq', ent(b'6 abc\n', name=b'p', typ=b'x') + F(b'a'))
case('pax_badlen', ent(b'99 path=abc\n', name=b'p', typ=b'x') + F(b'a'))
case('pax_len0', ent(b'0 path=abc\n', name=b'p', typ=b'x') + F(b'a'))
case('pax_emptykey', ent(b'5 =x\n', name=b'p', typ=b'x') + F(b'a'))
case('pax_nonl', ent(b'12 path=abcX', name=b'p', typ=b'x') + F(b'a'))
case('pax_size0', ent(b'', name=b'p', typ=b'x') + F(b'a'))
case('pax_bad_first_then_path', ent(b'99 q=abc\n' + rec('path', 'zzz'), name=b'p', typ=b'x') + F(b'a'))
case('pax_two_x', pax({'path': 'one'}) + pax({'mtime': '5'}) + F(b'a'))
case('pax_x_eof', pax({'path': 'one'}))
case('pax_x_1mb_minus', pax({'SCHILY.xattr.user.big': b'A' * (1000000 - 40)}) + F(b'a'))
case('pax_x_over1mb', pax({'SCHILY.xattr.user.big': b'A' * (1048576 + 100)}) + F(b'a'))
case('pax_x_64mb_claim', hdr(name=b'p', typ=b'x', size=64 << 20) + F(b'a'))
case('pax_size_lt_hdr', pax({'size': '5'}) + hdr(name=b'x', size=1024) + pad(b'AFTER') + F(b'y'))
case('pax_size_gt_hdr', pax({'size': '1024'}) + hdr(name=b'x', size=0) + F(b'smuggled') + F(b'real'))
case('pax_size_neg', pax({'size': '-1'}) + F(b'x'))
case('pax_size_huge', pax({'size': '9223372036854775807'}) + F(b'x'))
case('pax_size_big60', pax({'size': str(1 << 61)}) + F(b'x'))
case('pax_size_nan', pax({'size': '12x'}) + ent(b'HELLOHELLO12', name=b'x'))
case('pax_mtime_neg_frac', pax({'mtime': '-1.25'}) + F(b'x'))
case('pax_mtime_sci', pax({'mtime': '1e9'}) + F(b'x'))
case('pax_mtime_long', pax({'mtime': '1.1234567899999999999'}) + F(b'x'))
case('pax_mtime_huge', pax({'mtime': '99999999999999999999'}) + F(b'x'))
case('pax_uid_neg', pax({'uid': '-2', 'gid': '4294967296'}) + F(b'x'))
case('pax_acl', pax({'SCHILY.acl.access': 'user::rw-,user:alice:r--:1000,group::r--,mask::r--,other::r--'}) + F(b'x'))
case('pax_acl_bad', pax({'SCHILY.acl.access': 'garbage!!'}) + F(b'x'))
case('pax_fflags', pax({'SCHILY.fflags': 'nodump,immutable,weird'}) + F(b'x'))
case('pax_libarchive_xattr', pax({'LIBARCHIVE.xattr.user.foo%3Dbar': 'YmFy'}) + F(b'x'))
case('pax_rht_selinux', pax({'RHT.security.selinux': b'system_u:object_r:etc_t:s0\x00'}) + F(b'x'))
case('pax_linkpath_on_reg', pax({'linkpath': 'zz'}) + F(b'x'))

# --- size on non-regular
inner = F(b'smuggled', b'EVIL')
case('reg_slash_body', ent(inner, name=b'd/') + F())
case('dir_body', ent(inner, name=b'd/', typ=b'5') + F())
case('sym_body', ent(inner, name=b's', typ=b'2', link=b't') + F())
case('fifo_body', ent(inner, name=b'p', typ=b'6') + F())
case('chr_body', ent(inner, name=b'p', typ=b'3') + F())
case('hl_body_ustar_followed_hdr', F(b't') + ent(inner, name=b'h', typ=b'1', link=b't') + F())
case('hl_size_nobody_ustar', F(b't') + hdr(name=b'h', typ=b'1', link=b't', size=5) + F())
case('hl_body_text_ustar', F(b't') + ent(b'plain text body', name=b'h', typ=b'1', link=b't') + F())
case('hl_body_pax', F(b't') + pax({'mtime': '1'}) + ent(inner, name=b'h', typ=b'1', link=b't') + F())
case('hl_body_gnu', ent(b'T', name=b't', magic=GNU) + ent(inner, name=b'h', typ=b'1', link=b't', magic=GNU) + ent(b'A', name=b'after', magic=GNU))

# --- type flags
for t in [b'7', b'Z', b'D', b'N', b'M', b'S', b'V', b'\x00', b'9', b'A', b'X', b'I', b'E', b'a']:
    case('type_%02x' % t[0], ent(b'DATA', name=b'odd', typ=t) + F())
case('v7_slash_dir', ent(name=b'dir/', typ=b'\x00', magic=b'\x00' * 8) + ent(b'A', name=b'dir/f', typ=b'\x00', magic=b'\x00' * 8))

# --- numbers
case('num_size_b256', ent(b'AFTER', name=b'x', raw={'size': b256(5, 12)}) + F())
case('num_size_b256_neg', ent(b'', name=b'x', raw={'size': b'\xff' * 12}) + F())
case('num_size_b256_max', ent(b'', name=b'x', raw={'size': b'\x80\x00\x00\x00\x7f' + b'\xff' * 7}) + F())
case('num_size_b256_over', ent(b'', name=b'x', raw={'size': b'\x80\xff' + b'\xff' * 10}) + F())
case('num_size_spaces', ent(b'AFTER', name=b'x', raw={'size': b'          5 '}) + F())
case('num_size_blank', ent(b'', name=b'x', raw={'size': b'\x00' * 12}) + F())
case('num_size_8', ent(b'', name=b'x', raw={'size': b'00000000009\x00'}) + F())
case('num_size_neg_oct', ent(b'', name=b'x', raw={'size': b'-0000000005\x00'}) + F())
case('num_size_12oct', hdr(name=b'x', raw={'size': b'777777777777'}) + b'x' * 512)
case('num_uid_b256_neg', ent(b'', name=b'x', raw={'uid': b'\xff' * 8, 'gid': b256(1 << 40, 8)}))
case('num_mtime_b256_neg', ent(b'', name=b'x', raw={'mtime': b256(-315619200, 12)}))
case('num_mode_big', ent(b'', name=b'x', raw={'mode': b'7777777\x00'}))
case('num_mode_type', ent(b'', name=b'x', raw={'mode': b'0120777\x00'}))
case('num_dev_big', ent(b'', name=b'x', typ=b'3', raw={'dmaj': b256(1 << 33, 8), 'dmin': b256((1 << 32) + 7, 8)}))
case('sum_signed', hdr(name=b'caf\xc3\xa9\xff\xff', signed=True))
case('sum_bad_first', hdr(name=b'x', badsum=True) + F())
case('sum_bad_mid', F(b'a') + hdr(name=b'x', badsum=True) + F(b'b'))

# --- ends
full = F(b'a') + ent(b'B' * 1500, name=b'b')
case('end_none', full, False)
case('end_one_zero', full + b'\x00' * 512, False)
case('end_zero_then_entry', F(b'a') + b'\x00' * 512 + F(b'b'))
case('end_2zero_then_entry', F(b'a') + b'\x00' * 1024 + F(b'b'))
case('end_trailing_garbage', full + END + b'garbage' * 100, False)
case('end_trailing_nul_odd', full + END + b'\x00' * 777, False)
case('trunc_hdr', full[:1024 + 300], False)
case('trunc_body', full[:1024 + 512 + 700], False)
case('trunc_pad', full[:-20], False)
case('trunc_body_at_block', full[:1024 + 512 + 1024], False)
case('trunc_pax_body', pax({'path': 'q' * 2000})[:1024], False)
case('trunc_after_pax', pax({'path': 'q'}), False)
case('empty0', b'', False)
case('empty_1zero', b'\x00' * 512, False)
case('empty_2zero', b'\x00' * 1024, False)
case('empty_10k', b'\x00' * 10240, False)
case('one_byte', b'x', False)
case('rand512', bytes((i * 37 + 11 & 255 for i in range(512))), False)

# --- chains
case('gnu_LL', glong(b'L', b'first') + glong(b'L', b'second') + ent(b'A', name=b'x', magic=GNU))
case('gnu_LK', glong(b'K', b'lnk') + glong(b'L', b'nm') + ent(name=b'x', typ=b'2', link=b'q', magic=GNU))
case('gnu_L_then_pax', glong(b'L', b'fromL') + pax({'path': 'frompax'}) + F(b'x'))
case('pax_then_gnu_L', pax({'path': 'frompax'}) + glong(b'L', b'fromL') + F(b'x'))
case('gnu_L_eof', glong(b'L', b'zz'))
case('gnu_L_nonul', ent(b'abc', name=b'././@LongLink', typ=b'L', magic=GNU) + F(b'x'))
case('gnu_L_embedded_nul', ent(b'abc\x00def\x00', name=b'././@LongLink', typ=b'L', magic=GNU) + F(b'x'))
case('gnu_L_size0', ent(b'', name=b'././@LongLink', typ=b'L', magic=GNU) + F(b'x'))
case('gnu_L_2mb', glong(b'L', b'a/' * (1 << 20)) + F(b'x'))
case('gnu_L_900k', glong(b'L', b'a/' * 450000) + F(b'x'))
case('chain_40_g', b''.join((pax({'comment': 'c'}, b'g') for _ in range(40))) + F(b'x'))
case('chain_40_V', b''.join((ent(name=b'v', typ=b'V') for _ in range(40))) + F(b'x'))
case('K_stale', glong(b'K', b'LONG' * 40) + ent(name=b's1', typ=b'2', link=b'q', magic=GNU) + ent(name=b's2', typ=b'2', link=b'short', magic=GNU) + F(b'r'))

# --- sparse


def sp10(map_, data, real):
    m = b'%d\n' % len(map_) + b''.join((b'%d\n%d\n' % x for x in map_))
    m = pad(m)
    return pax([('GNU.sparse.major', '1'), ('GNU.sparse.minor', '0'), ('GNU.sparse.name', 'sp'), ('GNU.sparse.realsize', str(real))]) + ent(m + data, name=b'GNUSparseFile.0/sp')


case('sparse10_ok', sp10([(0, 5), (4096, 5)], b'HELLOWORLD', 8192) + F())
case('sparse10_overlap', sp10([(0, 5), (2, 5)], b'HELLOWORLD', 8192) + F())
case('sparse10_huge_real', sp10([(0, 5)], b'HELLO', 1 << 62) + F())
case('sparse10_map_gt_data', sp10([(0, 5), (100, 1000000)], b'HELLO', 8192) + F())
case('sparse10_1e9_entries', pax([('GNU.sparse.major', '1'), ('GNU.sparse.minor', '0'), ('GNU.sparse.realsize', '5')]) + ent(pad(b'1000000000\n0\n1\n'), name=b'x') + F())
case('sparse_on_dir', pax([('GNU.sparse.major', '1'), ('GNU.sparse.minor', '0')]) + ent(name=b'd/', typ=b'5') + F())
case('sparse_v9', pax([('GNU.sparse.major', '9'), ('GNU.sparse.minor', '0')]) + F(b'x') + F())
case('sun_holes', pax([('SUN.holesdata', ' 0 5 10')]) + ent(b'0123456789', name=b'x') + F())
case('realsize_plain', pax({'SCHILY.realsize': '1000000000000'}) + F(b'x') + F())
for n, d in C.items():
    open(os.path.join(out, n + '.tar'), 'wb').write(d)
print(len(C), 'cases')
