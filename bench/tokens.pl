#!/usr/bin/perl

# From a token that leaves a model to the browser's event stream: all
# conversations are answered at the same time, and the double writes into
# every token when it left.
#   perl -It/lib bench/tokens.pl [--pages N] [--tokens N] [--pause-ms N]
#        [--docs FILE]

use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use POSIX qw(strftime);
use Time::HiRes qw(time);

use Connext;
use Connext::Chat qw(chat ask open_stream read_events);
use Connext::Process qw(read_file write_file);

my %o = (pages => 500, tokens => 40, 'pause-ms' => 250, docs => '');

GetOptions(\%o, 'pages=i', 'tokens=i', 'pause-ms=i', 'docs=s')
    or die "usage: tokens.pl [--pages N] [--tokens N] [--pause-ms N]\n";

my $cx = chat(worker => { 'worker.quiet_ms' => 0, 'log.level' => 'warn',
                          'worker.typing' => 'off', 'ai.loops' => 'off',
                          'ai.turns_max' => 0,
                          'ai.timeout_ms' => 60000,
                          'ai.deadline_ms' => 90000 })
         ->start(qw(redis nginx double worker));

write_file($cx->path('api_key'), "bench\n", 0600);
$cx->api('POST', '/api/v1/agents', {
    name => 'desk', provider => 'openai', model => 'double', threshold => 0,
    base_url => "http://127.0.0.1:$cx->{double_port}/v1",
    api_key_file => $cx->path('api_key'), stream => JSON::PP::true() });
$cx->api('POST', '/api/v1/channels', { name => 'site', type => 'webchat',
                                       account => 'site', agent => 'desk' });

# The first token waits until all are asked.
$cx->script({ match => { kind => 'model' }, times => -1, do => {
    text => join(' ', ('word') x $o{tokens}), stamp => JSON::PP::true(),
    first_ms => 2000, pause_ms => $o{'pause-ms'} } });

my @pages = map { page() } 1 .. $o{pages};
my %before = cpu();

ask($cx, 'messages', { id => "q-$_->{fd}", text => 'How are you?' },
    $_->{token}) for @pages;

my ($first, $all) = listen_to(@pages);
my %spent = cpu();
$spent{$_} -= $before{$_} for keys %spent;
my $most = 0;

for my $r (@{$cx->double('GET', '/_/requests?kind=model')->{requests}}) {
    $most = $r->{first_us} if $r->{first_us} && $r->{first_us} > $most;
}

my $text = sprintf <<'END', $o{pages}, $o{tokens}, $o{'pause-ms'}, strftime('%Y-%m-%d', gmtime), (split ' ', read_file('/proc/loadavg'))[0];
%d conversations at once, %d tokens each, one every %d ms. %s.
Made by `make bench-tokens`; load of the machine at the end: %s.

| token, model to browser | n | p50 ms | p99 ms | most ms |
|---|---:|---:|---:|---:|
END
$text .= row('the first of an answer', @$first) . row('all', @$all);
$text .= sprintf "\nCPU a token: worker %.0f us, nginx %.0f us, Redis %.0f us"
    . ".\n", map { $spent{$_} / @$all * 1e6 } qw(worker nginx redis);

print $text;
into_docs($o{docs}, $text) if $o{docs} ne '';
undef $cx;
exit(quantile(0.99, @$first) <= 20 ? 0 : 1);


sub page
{
    my $token = ask($cx, 'session')->{token};
    my $s = open_stream($cx, 'stream', Authorization => "Bearer $token");

    read_events($s, 1, names => qr/^ready$/);
    $s->{token} = $token;
    $s->{fd} = fileno $s->{sock};
    return $s;
}


# Milliseconds of first tokens, and of all, until each answer has ended.
sub listen_to
{
    my %by_fd = map { $_->{fd} => $_ } @_;
    my $bits = '';
    my $end = time + 120;
    my (@first, @all);

    vec($bits, $_, 1) = 1 for keys %by_fd;

    while (%by_fd && time < $end) {
        my $n = select(my $ready = $bits, undef, undef, 1);
        my $now = time;

        next if $n <= 0;

        for my $fd (grep { vec($ready, $_, 1) } keys %by_fd) {
            my $s = $by_fd{$fd};

            sysread($s->{sock}, $s->{in}, 65536, length $s->{in})
                or die "a stream ended\n";

            while ($s->{in} =~ s/\A(.*?)\n\n//s) {
                my $event = $1;
                my @at = $event =~ /^event: delta/m
                       ? $event =~ /\@(\d{16})/g : ();

                push @all, map { $now * 1e3 - $_ / 1e3 } @at;
                push @first, $now * 1e3 - $at[0] / 1e3
                    if @at && !$s->{begun}++;

                # Numbers that no source has are held back in the end.
                if ($event =~ /^event: (?:message|retract)/m) {
                    delete $by_fd{$fd};
                    vec($bits, $fd, 1) = 0;
                }
            }
        }
    }

    die scalar(keys %by_fd), " answers did not come\n" if %by_fd;
    return (\@first, \@all);
}


# Seconds of CPU by now.
sub cpu
{
    my $tick = POSIX::sysconf(POSIX::_SC_CLK_TCK());
    my %cpu;

    for my $name (qw(worker nginx redis)) {
        for my $pid ($cx->{pid}{$name}, children($cx->{pid}{$name})) {
            my @f = split ' ', read_file("/proc/$pid/stat") =~ s/.*\) //sr;

            $cpu{$name} += ($f[11] + $f[12]) / $tick;
        }
    }

    return %cpu;
}


sub children
{
    my ($pid) = @_;

    return split ' ', read_file("/proc/$pid/task/$pid/children");
}


sub quantile
{
    my ($q, @v) = @_;

    @v = sort { $a <=> $b } @v;
    return $v[$q * $#v];
}


sub row
{
    my ($name, @v) = @_;

    return sprintf "| %s | %d | %.1f | %.1f | %.1f |\n", $name, scalar @v,
        map { quantile($_, @v) } 0.5, 0.99, 1;
}


sub into_docs
{
    my ($file, $table) = @_;
    my $page = read_file($file);
    my ($start, $end) = ("<!-- bench-tokens -->\n", '<!-- /bench-tokens -->');

    $page =~ s/\Q$start\E.*?\Q$end\E/$start\n$table\n$end/s
        or die "$file has no <!-- bench-tokens --> markers\n";
    write_file($file, $page);
    return;
}
