package Connext::Chat;

# A website chat for a test: the installation, requests as a page makes them,
# streams as a page reads them.

use strict;
use warnings;

use Connext;
use Connext::Process qw(write_file);
use Connext::Sample qw(json);
use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use IO::Select;
use MIME::Base64 qw(encode_base64url);
use Time::HiRes qw(time);

our @EXPORT_OK = qw(chat ask request jwt open_stream read_events published
                    $PAGE $IDENTITY $SECRET);
our $PAGE = 'https://shop.example.com';
our $SECRET = 'canary-site-secret-0123456789abcdef';
our $IDENTITY = 'canary-identity-secret-0123456789';
our $BEFORE = 'canary-site-secret-of-last-month';


# http, listen => more of nginx.conf; the rest as Connext->new.
sub chat {
    my (%arg) = @_;

    my $cx = Connext->new(%arg);
    my $dir = $cx->dir;
    write_file("$dir/site_secret", "$SECRET\n", 0600);
    write_file("$dir/site_before", "$BEFORE\n", 0600);
    write_file("$dir/identity", "$IDENTITY\n", 0600);

    $cx->{http} = <<"_END" . ($arg{http} // '');
    connext_channel site {
        type                  webchat;
        secret_file           $dir/site_secret $dir/site_before;
        identity_secret_file  $dir/identity;
        allow_origin          $PAGE https://*.example.org;
    }
    connext_channel other {
        type          webchat;
        secret_file   $dir/site_secret;
        allow_origin  *;
    }
_END
    $cx->{location} = join '', map { <<"_END" } qw(site other);
        location /chat/$_/ {
            connext_chat  $_;
            connext_pass  unix:$dir/redis.sock;
            add_header    X-Connext-Event \$connext_event_id;
        }
_END
    return $cx;
}


# The answer as it is; headers undef are left out.
sub request {
    my ($cx, $method, $path, $body, %headers) = @_;

    my %h = (Origin => $PAGE, 'Content-Type' => 'application/json', %headers);
    delete $h{$_} for grep { !defined $h{$_} } keys %h;
    $path = "/chat/site/$path" if $path !~ m{^/};
    return $cx->http->request($method, $path, \%h, ref $body
                              ? json()->encode($body) : $body // '');
}


# Decoded; dies on anything but 200.
sub ask {
    my ($cx, $path, $body, $token) = @_;

    my $res = request($cx, 'POST', $path, $body // {},
                      defined $token ? (Authorization => "Bearer $token")
                                     : ());
    die "$path: $res->{status} $res->{body}\n" if $res->{status} != 200;
    return json()->decode($res->{body});
}


sub jwt {
    my ($claims, %arg) = @_;

    my $text = join '.', map { encode_base64url(json()->encode($_)) }
               { alg => 'HS256', %{$arg{head} || {}} }, $claims;
    return "$text." . encode_base64url(hmac_sha256($text,
                                                   $arg{key} // $IDENTITY));
}


# An open stream, its header read: { sock, in, status, head }.
sub open_stream {
    my ($cx, $path, %headers) = @_;

    my %h = (Origin => $PAGE, Host => 'localhost', %headers);
    my $sock = $cx->http->socket or die "connect: $!\n";
    print {$sock} "GET /chat/site/$path HTTP/1.1\r\n",
                  map({ "$_: $h{$_}\r\n" } sort keys %h), "\r\n";
    $sock->flush;

    my $s = { sock => $sock, in => '' };
    fill($s, 10, sub { $s->{in} =~ /\r\n\r\n/ }) or die "no header\n";
    $s->{in} =~ s/\A(.*?)\r\n\r\n//s;
    $s->{head} = $1;
    ($s->{status}) = $1 =~ /^HTTP\S+ (\d+)/;
    return $s;
}


sub fill {
    my ($s, $seconds, $enough) = @_;

    my $end = time + $seconds;
    my $select = IO::Select->new($s->{sock});
    until ($enough->()) {
        my $left = $end - time;
        return 0 if $left <= 0 || $s->{closed};
        $select->can_read($left) or return 0;
        sysread($s->{sock}, $s->{in}, 65536, length $s->{in})
            or $s->{closed} = 1;
    }

    return 1;
}


# The next n events of these names, as { event, id, data }; fewer when the
# time is over.
sub read_events {
    my ($s, $n, %arg) = @_;

    my $names = $arg{names} || qr/^(?:message|delta|typing|read|reset)$/;
    my @got;
    fill($s, $arg{seconds} // 10, sub {
        while (@got < $n && $s->{in} =~ s/\A(.*?)\n\n//s) {
            my %e = map { /^(\w+): (.*)/ ? ($1, $2) : () } split /\n/, $1;
            push @got, { %e, data => json()->decode($e{data}) }
                if defined $e{data} && $e{event} =~ $names;
        }
        @got >= $n;
    });
    return @got;
}


# Pushes what a worker would, once one has told Redis how.
sub published {
    my ($cx, $key, $id, $event, $data, $repeat) = @_;

    my ($tag) = $key =~ /\{(.*)\}/;
    return $cx->redis('FCALL', 'cx_push2', 1, $key, "cx:push:$tag", $id,
                      $event, json()->encode($data), $repeat // '');
}


1;
