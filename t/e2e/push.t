# The Redis Function that pushes to browsers: once for a message, cheap for one
# that is new; and what a worker makes of a library of the version before.

use strict;
use warnings;

use Connext;
use Connext::Chat qw(chat ask open_stream read_events);
use Connext::Redis qw(function_text);
use Digest::SHA qw(sha256_hex);
use Test::More;

# What version 1 was, without its search.
my $BEFORE = <<'_END';
#!lua name=connext_push
local function push(keys, args)
  local id = redis.call('XADD', keys[1], 'MAXLEN', '~', 256, '*',
                        'm', args[2], 't', args[3], 'e', args[4])
  redis.call('PUBLISH', args[1], id .. ' ' .. args[3] .. ' ' .. args[4])
  return id
end
redis.register_function('cx_push', push)
_END

my $cx = chat()->start('redis');
my $lua = function_text($cx->dir, 'push');
my ($version) = $lua =~ /register_function\('cx_push(\d+)'/;


# Another text under an old name would never be loaded.
my %digest = (
    2 => '8e21e788c5443cffb8d23a48b6bd719f7de5b710b79ae5fe0bd2b27eef1b9bf4',
);
is(sha256_hex($lua), $digest{$version} // '',
   "the text is that of version $version")
    or diag("a changed text needs a new CX_PUSH_VERSION, and its digest here");

# --- once --------------------------------------------------------------------

is($cx->redis('FUNCTION', 'LOAD', $BEFORE), 'connext_push', 'an old library');
is($cx->redis('FUNCTION', 'LOAD', $lua), "connext_push$version",
   'the new one stands beside it');

my $key = 'cx:{' . '0' x 32 . '}:push';
my $channel = 'cx:push:' . '0' x 32;


sub push_to {
    my ($id, $repeat) = @_;

    return $cx->redis('FCALL', "cx_push$version", 1, $key, $channel, $id,
                      'message', '{}', $repeat // '');
}


sub calls {
    my ($command) = @_;

    return $cx->redis('INFO', 'commandstats')
           =~ /^cmdstat_$command:calls=(\d+)/m ? $1 : 0;
}


my @ids = map { push_to("ms_$_") } 1 .. 100;
is(calls('xrevrange'), 0, 'nothing is searched for what is new');
is($cx->redis('XLEN', $key), 100, 'all are there');
is($cx->redis('EXISTS', "$key:again"), 0, '... and no mark');

is(push_to('ms_90', 'yes'), $ids[89], 'a repeat gets the id of before');
is(push_to('ms_a', 'yes'), push_to('ms_a', 'yes'), 'one that had been lost');
my $last = push_to('ms_a');
is($last, push_to('ms_a', 'yes'), 'one that was slower than its repeat');
is($cx->redis('XLEN', $key), 101, 'none of that is there twice');
cmp_ok($cx->redis('TTL', "$key:again"), '>', 0, 'marks have an end');
isnt(push_to(''), push_to(''), 'without an id each is new');
is(eval { $cx->redis('FCALL', "cx_push$version", 1, $key, 1 .. 4) } // $@,
   "redis: CXARG one key, then channel, message id, event, JSON and"
           . " repeat\n", 'arguments are counted');

# --- an installation that had version 1 --------------------------------------

$cx->redis('FUNCTION', 'DELETE', "connext_push$version");
$cx->start(qw(nginx worker));
$cx->api('POST', '/api/v1/agents', { name => 'desk', provider => 'knowledge',
                                     threshold => 0.3, handoff => 'Later.' });
$cx->knowledge('desk', 'faq.csv', $Connext::FAQ);
$cx->api('POST', '/api/v1/channels', { name => 'site', type => 'webchat',
                                       account => 'site', agent => 'desk' });

my $token = ask($cx, 'session')->{token};
my $stream = open_stream($cx, 'stream', Authorization => "Bearer $token");
read_events($stream, 1, names => qr/^ready$/);
ask($cx, 'messages', { id => 'q-1', text => 'When is check-out?' }, $token);
my ($answer) = read_events($stream, 1, names => qr/^message$/);
like($answer->{data}{text}, qr/11:00/, 'an answer by the new one');

my %names = map { my %l = @$_; ($l{library_name} => 1) }
            @{$cx->redis('FUNCTION', 'LIST')};
is_deeply([grep { /push/ } sort keys %names],
          ['connext_push', "connext_push$version"],
          'which the worker has told Redis');

my ($own) = grep { $_ ne $key } @{$cx->redis('KEYS', 'cx:{*}:push')};
my ($tag) = $own =~ /\{(.*)\}/;
$cx->redis('FCALL', 'cx_push', 1, $own, "cx:push:$tag", 'ms_old', 'message',
           '{"text":"by an old worker"}');
is((read_events($stream, 1, names => qr/^message$/))[0]{data}{text},
   'by an old worker', 'one of the version before is heard, too');

$cx->finish;
done_testing();
