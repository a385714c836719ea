package Connext::Email;

# E-mail: four providers at the edge, one type in the worker, and the double's
# mail server.

use strict;
use warnings;

use Connext;
use Exporter 'import';

our @EXPORT_OK = qw(email account simulate mails field @PROVIDERS);

our @PROVIDERS = qw(mailgun sendgrid postmark ses);
our $PASSWORD = 'canary-smtp-password-2b7e151628aed2a6';
our $TOPIC = 'arn:aws:sns:us-east-1:123456789012:mail';


# What a provider signs with, and what nginx has of it.
sub keys_of {
    my ($cx) = @_;

    my $write = \&Connext::Process::write_file;

    $write->($cx->path('mailgun.key'), "canary-mailgun-key-0123456789\n", 0600);
    $write->($cx->path('postmark.key'), "pm:canary-postmark-0123456789\n", 0600);
    $write->($cx->path("$_.public"), Connext::Process::read_file(
             $cx->path("$_.key")), 0600) for qw(mailgun postmark);

    openssl($cx, 'ecparam', '-name', 'prime256v1', '-genkey', '-noout',
            '-out', $cx->path('sendgrid.key'));
    openssl($cx, 'ec', '-in', $cx->path('sendgrid.key'), '-pubout',
            '-out', $cx->path('sendgrid.public'));
    openssl($cx, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days',
            '30', '-subj', '/CN=sns.test.invalid', '-keyout',
            $cx->path('ses.key'), '-out', $cx->path('ses.public'));
    chmod 0600, map { $cx->path($_) } glob('{sendgrid,ses}.{key,public}');
}


sub openssl {
    my ($cx, @argv) = @_;

    my $pid = Connext::Process::spawn('openssl', $cx->path('logs/openssl.log'),
                                      ['openssl', @argv]);
    my $status = Connext::Process::wait_pid($pid, 60);
    die "openssl: $argv[0]\n" . Connext::Process::read_file(
        $cx->path('logs/openssl.log')) unless defined $status && $status == 0;
}


# An installation with a channel em-PROVIDER for each.
sub email {
    my (%arg) = @_;

    my $port = Connext::Process::free_port();
    my $cx = Connext->new(%arg, double => ['--smtp-port', $port,
                                           @{$arg{double} || []}]);

    $cx->{smtp_port} = $port;
    keys_of($cx);
    Connext::Process::write_file($cx->path('smtp_password'), "$PASSWORD\n",
                                 0600);

    for my $type (@PROVIDERS) {
        my $topic = $type eq 'ses' ? "topic $TOPIC;" : '';
        $cx->{http} .= <<_END;
    connext_channel em-$type {
        type         $type;
        secret_file  $cx->{dir}/$type.public;
        $topic
    }
_END
        $cx->{location} .= <<_END;
        location = /hooks/em-$type {
            connext_webhook em-$type;
            connext_pass unix:$cx->{dir}/redis.sock;
            add_header X-Connext-Event \$connext_event_id;
        }
_END
    }

    return $cx;
}


sub account {
    my ($type) = @_;

    return "$type\@desk.example";
}


# The channels in the worker.
sub channels {
    my ($cx, %settings) = @_;

    for my $type (@PROVIDERS) {
        $cx->api('POST', '/api/v1/channels', {
            name => "em-$type", type => 'email', account => account($type),
            agent => 'desk', token_file => $cx->path('smtp_password'),
            settings => { smtp_url => "smtp://127.0.0.1:$cx->{smtp_port}",
                          user => 'desk', %settings } });
    }
}


# connextctl simulate; (exit code, output).
sub simulate {
    my ($cx, $type, @flags) = @_;

    push @flags, '--topic', $TOPIC if $type eq 'ses';
    return $cx->ctl('simulate', $type, '--channel', "em-$type", '--account',
                    account($type), '--secret-file', $cx->path("$type.key"),
                    @flags);
}


# What the mail server took for an address, once there are n of them.
sub mails {
    my ($cx, $to, $n) = @_;

    my @got;
    $cx->wait_for(10, sub {
        @got = grep { $_->{kind} eq 'email' && $_->{to} eq $to } $cx->ledger;
        @got >= $n;
    });
    return @got;
}


# A field of a mail, unfolded.
sub field {
    my ($mail, $name) = @_;

    my ($head) = split /\r\n\r\n/, $mail->{text};
    $head =~ s/\r\n[ \t]+/ /g;
    return $head =~ /^\Q$name\E: (.*?)\r?$/mi ? $1 : undef;
}


1;
