# The Redis Function alone: what it writes, what it holds for a repeat, and
# that a refusal leaves nothing behind.  The text is the one the edge loads.

use strict;
use warnings;

use Connext;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

my $cx = Connext->new->start('redis');
my $top = abs_path(dirname(__FILE__) . '/../..');
my $epoch_s = 9 * 86400;
my $in = 'cx:{p07}:in';
my $dd = 'cx:{p07}:dd';

# The text of the Function, by a program of two lines.
sub lua {
    my $c = $cx->dir . '/lua.c';

    open(my $out, '>', $c) or die "$c: $!";
    print $out "#include \"core/queue.h\"\n#include <stdio.h>\n"
               . "int main(void) { return fputs(cx_queue_lua, stdout) < 0; }\n";
    close($out) or die "$c: $!";

    my $core = join ' ', glob "$top/src/core/*.c";
    my $cc = $ENV{CC} || 'cc';

    system("$cc -std=c11 -D_GNU_SOURCE -I$top/src -o $c.out $c $core -lcrypto")
        == 0 or die 'cannot compile';

    return scalar `$c.out`;
}

sub enq {
    return $cx->redis('FCALL', 'cx_enq', 2, $in, $dd, @_);
}

sub fails {
    my ($what, $like, @command) = @_;
    my $reply = eval { $cx->redis(@command) };

    like($@ || $reply, $like, $what);
}

my $lua = lua();

is($cx->redis('FUNCTION', 'LOAD', 'REPLACE', $lua), 'connext', 'loaded');
is($cx->redis('FCALL_RO', 'cx_ver', 0), '1', 'its version');

my $epoch = int($cx->redis('TIME')->[0] / $epoch_s);
my $first = enq(5, 123, '{"a":1}', 6, '-9223372036854775808', '{}');

is(scalar(@$first), 2, 'an answer for each event');
like($_, qr/^\d+-\d+$/, 'an entry id') for @$first;
is_deeply($cx->redis('XRANGE', $in, '-', '+'),
          [ [ $first->[0], [ 'v', '1', 'e', '{"a":1}' ] ],
            [ $first->[1], [ 'v', '1', 'e', '{}' ] ] ], 'the entries');
is_deeply(enq(5, 123, '{"a":2}', 6, '-9223372036854775808', '{}'),
          [ '', '' ], 'a repeat of both');

my $mixed = enq(5, 123, 'x', 5, 124, 'y', 5, 124, 'z');

is_deeply([ map { $_ eq '' ? 0 : 1 } @$mixed ], [ 0, 1, 0 ],
          'one known, one new, one twice in the same call');
is($cx->redis('XLEN', $in), 3, 'no entry for a repeat');
isnt(enq(6, 124, 'y')->[0], '', 'another bucket is another event');

# Where it is kept, and how long.
is($cx->redis('SCARD', "$dd:$epoch:5"), 2, 'in the bucket of the epoch');

my $ttl = $cx->redis('TTL', "$dd:$epoch:5");

ok($ttl > 2 * $epoch_s && $ttl <= 2 * $epoch_s + 3600,
   "for two epochs and an hour: $ttl s");
is($cx->redis('OBJECT', 'ENCODING', "$dd:$epoch:5"), 'intset',
   'eight bytes a fingerprint');
$cx->redis('EXPIRE', "$dd:$epoch:5", 1000);
enq(5, 125, '{}');
cmp_ok($cx->redis('TTL', "$dd:$epoch:5"), '<=', 1000,
       'only a new bucket gets its end');

# The epoch before counts, the one before that does not.
$cx->redis('SADD', "$dd:" . ($epoch - 1) . ':9', 1);
$cx->redis('SADD', "$dd:" . ($epoch - 2) . ':9', 2);
is(enq(9, 1, '{}')->[0], '', 'seen in the epoch before');
isnt(enq(9, 2, '{}')->[0], '', 'seen two epochs before: forgotten');

# Refusals.
my $len = $cx->redis('XLEN', $in);

fails('no events', qr/CXARG/, qw(FCALL cx_enq 2), $in, $dd);
fails('two of three', qr/CXARG/, qw(FCALL cx_enq 2), $in, $dd, 1, 2);
fails('four', qr/CXARG/, qw(FCALL cx_enq 2), $in, $dd, 1, 2, 3, 4);
fails('one key', qr/CXARG/, qw(FCALL cx_enq 1), $in, 1, 2, 3);

$cx->redis('SET', "$dd:$epoch:77", 'x');
fails('a bucket that is no set', qr/WRONGTYPE/,
      qw(FCALL cx_enq 2), $in, $dd, 77, 1, '{}');
is($cx->redis('XLEN', $in), $len, 'no refusal wrote an entry');

$cx->redis('SET', 'cx:{p08}:in', 'x');
fails('a stream that is none', qr/WRONGTYPE/,
      qw(FCALL cx_enq 2), 'cx:{p08}:in', 'cx:{p08}:dd', 1, 1, '{}');
is($cx->redis('EXISTS', "cx:{p08}:dd:$epoch:1"), 0,
   'nor a fingerprint');

# Loaded again while it is in use: what it wrote still counts.
is($cx->redis('FUNCTION', 'LOAD', 'REPLACE', $lua), 'connext',
   'loaded again');
is(enq(5, 123, '{}')->[0], '', 'and it still knows');

$cx->finish;
done_testing();
