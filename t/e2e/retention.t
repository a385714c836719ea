# Messages go when they are older than their channel keeps them; what is kept
# longer, what waits for a person and what is young stays.

use strict;
use warnings;

use Connext;
use Connext::Process qw(free_port);
use Connext::Sample qw(delivery text_message);
use Test::More;

my ($lib) = $INC{'Connext.pm'} =~ m{^(.*)/};
my $files = free_port();
my $cx = Connext->new(double => ['--statuses', 'none'],
                      worker => { 'media.allow_private' => 'on' });
my $n = 0;

$cx->launch('files', [$^X, "$lib/files.pl", $files, $cx->path('files')]);
$cx->start(qw(redis nginx double worker));
$cx->set_up(channel => { base_url => "http://127.0.0.1:$files/graph",
                         settings => { rate => '100000',
                                       retention => '36500d' } });


sub run { return $cx->api('POST', '/api/v1/retention/run', $_[0] // {}) }


sub retention {
    my ($age) = @_;

    $cx->api('PATCH', '/api/v1/channels/wa-main',
             { settings => { retention => $age } });
}


sub talk { return @{$cx->api('GET', '/api/v1/conversations')->{data}} }


sub messages { my ($c) = talk(); return $c ? $c->{messages} : 0 }


sub stored { return grep { -f } glob $cx->path('media/*/*/*') }


is($cx->api_raw('worker', 'PATCH', '/api/v1/channels/wa-main',
                '{"settings":{"retention":"soon"}}')->{status}, 400,
   'an age that is none');

# --- something to be forgotten -----------------------------------------------

$cx->say(from => '16505551000', text => 'Is there parking?');
ok($cx->wait_for(10, sub { messages() == 2 }), 'a question and its answer');
$cx->post(delivery(messages => [{
    from => '16505551000', id => 'wamid.picture', timestamp => '' . time,
    type => 'image', image => { id => 'png~1', mime_type => 'image/png',
                                sha256 => 'x' } }]));
ok($cx->wait_for(20, sub { stored() == 1 }), 'a picture');
$cx->api('PATCH', '/api/v1/agents/desk', { threshold => 1 });
$cx->say(from => '16505551001', text => 'Is there parking?');
ok($cx->wait_for(10, sub {
       @{$cx->api('GET', '/api/v1/reviews')->{data}} == 1;
   }), 'a draft that waits');
ok($cx->wait_for(10, sub {
       my $w = $cx->api('GET', '/api/v1/status')->{waiting};
       return $w->{turns} + $w->{ready} == 0;
   }), 'all that was to be said is said');
my $all = 0;
$all += $_->{messages} for talk();

# --- nothing is old ----------------------------------------------------------

my $dry = run({ dry_run => JSON::PP::true });
is($dry->{messages}, 0, 'nothing is old');
is($dry->{channels}[0]{keep_ms}, 36500 * 86400 * 1000, 'by its channel');
run();
retention('off');
is_deeply(run({ dry_run => JSON::PP::true })->{channels}, [],
          'off: nothing ever is');

# --- everything is old in a second -------------------------------------------

retention('1s');
ok($cx->wait_for(10, sub {
       my $d = run({ dry_run => JSON::PP::true });
       return $d->{messages} == $all;
   }), 'a second later all of it is old');
my ($code, $out) = $cx->ctl('-o', 'json', 'retention', 'run', '--dry-run');
like($out, qr/"messages": $all/, 'connextctl tells');
my $now = 0;
$now += $_->{messages} for talk();
is($now, $all, '... and deletes nothing');

run();
ok($cx->wait_for(20, sub {
       my $left = 0;
       $left += $_->{messages} for talk();
       return $left == 0;
   }), 'they are deleted');
ok($cx->wait_for(20, sub { stored() == 0 }), 'the picture, too');
is(scalar(talk()), 2, 'the conversations stay');
my ($review) = @{$cx->api('GET', '/api/v1/reviews')->{data}};
is($review->{state}, 'waiting', 'what waits for a person stays');

# --- life goes on ------------------------------------------------------------

retention('400d');
$cx->api('PATCH', '/api/v1/agents/desk', { threshold => 0.3 });
my $before = messages();
$cx->say(from => '16505551000', text => 'When is check-in?');
ok($cx->wait_for(10, sub {
       my ($c) = grep { $_->{messages} == 2 } talk();
       return $c;
   }), 'the customer writes again, and is answered');
run();
ok($cx->wait_for(10, sub { (() = $cx->logs =~ /"msg":"retention"/g) >= 2 }),
   'another pass');
ok((grep { $_->{messages} == 2 } talk()), '... leaves what is young');
like($cx->logs, qr/"msg":"retention","messages":[1-9]/, 'counts are logged');

is(scalar(grep { /"level":"error"/ } split /^/, $cx->logs), 0, 'no error')
    or diag(grep { /"level":"error"/ } split /^/, $cx->logs);
$cx->finish;
done_testing();
