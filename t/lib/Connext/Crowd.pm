package Connext::Crowd;

# Many customers and people at once, in one process: requests at their times
# over many kept connections, and what the provider's ledger says meanwhile.
#
#   my $crowd = Connext::Crowd->new($cx, lanes => 48);
#   $crowd->at(time + 1.5, sub { $crowd->say($customer, %message) });
#   $crowd->ledger(sub { my ($entry) = @_; ... });
#   $crowd->run(120, sub { $answered == $asked });

use strict;
use warnings;

use Connext::Http;
use Connext::Process;
use Connext::Sample qw(delivery json signature text_message);
use Time::HiRes qw(time);


# lanes: connections to nginx; api: those to each worker's API.
sub new {
    my ($class, $cx, %arg) = @_;

    return bless {
        cx => $cx, lanes => $arg{lanes} || 48, api => $arg{api} || 16,
        line => {}, due => {}, from => int(time * 1000), at => 0, bad => {},
    }, $class;
}


# --- time --------------------------------------------------------------------

# Runs the code then, or at the next turn when that is over.
sub at {
    my ($self, $when, $code) = @_;

    my $ms = int($when * 1000);
    $ms = $self->{from} + 1 if $ms <= $self->{from};
    push @{$self->{due}{$ms}}, $code;
}


sub run_due {
    my ($self) = @_;

    my $now = int(time * 1000);
    while ($self->{from} < $now) {
        my $due = delete $self->{due}{++$self->{from}} or next;
        $_->() for @$due;
    }
}


# Until the code says so; false: it did not in time.
sub run {
    my ($self, $seconds, $done) = @_;

    my $deadline = time + $seconds * Connext::Process::slow();
    my $look = 0;
    while (1) {
        $self->run_due;
        $self->turn;
        next if time < $look;

        $look = time + 0.02;
        $self->read_ledger;
        return 1 if $done->();
        return 0 if time > $deadline;
    }
}


# --- requests ----------------------------------------------------------------

# To a line of requests, each sent when the one before is answered.  The code
# gets the answer, when it was sent and when answered.  One whose connection
# broke is tried again.
sub ask {
    my ($self, $name, $client, $bytes, $code) = @_;

    my $line = $self->{line}{$name} ||= { client => $client, todo => [] };
    push @{$line->{todo}}, { bytes => $bytes, code => $code };
    $self->send_next($line) if !$line->{since};
}


sub send_next {
    my ($self, $line) = @_;

    my $job = $line->{todo}[0] or return;
    $line->{sock} ||= $line->{client}->socket;
    $line->{since} = time;

    local $SIG{PIPE} = 'IGNORE';
    return if $line->{sock}
              && Connext::Http::write_all($line->{sock}, $job->{bytes});
    $self->again($line);
}


sub again {
    my ($self, $line) = @_;

    delete $line->{sock};
    $self->at(time + 0.1, sub { $self->send_next($line) });
}


sub answered {
    my ($self, $line) = @_;

    my $res = Connext::Http::read_response($line->{sock}, \my $in, 10, 0);
    my $code = $res->{status};
    $self->{bad}{$code}++ if $code !~ /^2/;
    return $self->again($line) if $code == 0 || $code == 503;

    my $job = shift @{$line->{todo}};
    my $since = delete $line->{since};
    delete $line->{sock} if ($res->{headers}{connection} // '') =~ /close/i;
    $job->{code}->($res, $since, time) if $job->{code};
    $self->send_next($line) if !$line->{since};
}


# Waits a little for answers, and takes those that are there.
sub turn {
    my ($self) = @_;

    my $bits = '';
    my @busy = grep { $_->{since} && $_->{sock} } values %{$self->{line}};
    vec($bits, fileno $_->{sock}, 1) = 1 for @busy;

    return if select($bits, undef, undef, 0.002) <= 0;
    for my $line (@busy) {
        $self->answered($line) if vec($bits, fileno $line->{sock}, 1);
    }
}


# A delivery of the channel wa-main; those of one lane keep their order.
sub deliver {
    my ($self, $lane, $body, $code) = @_;

    my $bytes = Connext::Http::head('POST', '/hooks/wa-main', {
        'Content-Type' => 'application/json',
        'X-Hub-Signature-256' => signature($body,
                                           $Connext::SECRET{app_secret}),
    }, $body) . $body;
    $lane %= $self->{lanes};
    $self->ask("lane $lane", $self->{cx}->http, $bytes, $code);
}


sub say {
    my ($self, $from, $id, $text, $code, $lane) = @_;

    $self->deliver($lane // $from,
                   delivery(messages => [text_message(from => $from,
                       id => $id, text => $text)]), $code);
}


# A request to the API of a worker, over any of its connections.
sub api {
    my ($self, $worker, $method, $path, $what, $code) = @_;

    my $body = defined $what ? json()->encode($what) : undef;
    my $head = { defined $body ? ('Content-Type' => 'application/json') : () };
    my $n = $self->{turn}{$worker}++ % $self->{api};
    my $client = Connext::Http->new(unix => $self->{cx}->path("$worker.sock"));
    $self->ask("$worker $n", $client,
               Connext::Http::head($method, $path, $head, $body)
               . ($body // ''), $code);
}


# --- the ledger --------------------------------------------------------------

# Called with each entry, in their order.
sub ledger {
    my ($self, $code) = @_;

    $self->{ledger} = $code;
    return $self;
}


sub read_ledger {
    my ($self) = @_;

    open my $f, '<', $self->{cx}->path('ledger') or return;
    seek $f, $self->{at}, 0;

    while (defined(my $line = <$f>)) {
        last if $line !~ /\n\z/;        # it is just being written
        $self->{at} += length $line;
        $self->{ledger}->(json()->decode($line)) if $self->{ledger};
    }
}


1;
