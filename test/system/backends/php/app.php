<?php
// The fixture on PHP's own server, each request by this script. What it has to do stands in ../contract.md.
declare(strict_types=1);

function log_line(string $text): void {
    file_put_contents('php://stdout', $text . "\n");
}

function say(int $status, mixed $value): void {
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($value, JSON_UNESCAPED_UNICODE);
}

function refuse(int $status, string $why): never {
    http_response_code($status);
    header('Content-Type: text/plain; charset=utf-8');
    exit($why);
}

function open_session(bool $readOnly): void {
    session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'read_and_close' => $readOnly]);
}

/** Ends the request where a write does not carry the token of its session. */
function check_token(): void {
    open_session(false);
    $token = $_SERVER['HTTP_X_CSRF_TOKEN'] ?? $_POST['authenticity_token'] ?? '';
    if (!hash_equals($_SESSION['token'] ?? 'none', $token)) refuse(422, 'token');
}

function text_of(): string {
    return json_decode(file_get_contents('php://input'), true)['text'];
}

function two_pieces(string $first, string $second): void {
    while (ob_get_level() > 0) ob_end_flush();
    echo $first;
    flush();
    while (!file_exists(getenv('RELEASE'))) {
        clearstatcache();
        usleep(10_000);
    }
    echo $second;
    flush();
}

function page(): void {
    open_session(false);
    $_SESSION['token'] ??= bin2hex(random_bytes(16));
    setcookie('theme', 'dark', ['expires' => time() + 3600, 'path' => '/', 'samesite' => 'Lax']);
    header('Content-Type: text/html; charset=utf-8');
    header('Cache-Control: no-cache');
    echo str_replace('{{token}}', $_SESSION['token'], file_get_contents(getenv('PAGE')));
}

function done(): void {
    open_session(true);
    header('Content-Type: text/html; charset=utf-8');
    echo '<!doctype html><title>done</title><p>' . htmlspecialchars($_SESSION['said'] ?? 'nothing') . '</p>';
}

function make(): void {
    check_token();
    header('Location: /api/notes/1');
    say(201, ['made' => text_of()]);
}

function form(): void {
    check_token();
    $_SESSION['said'] = $_POST['text'];
    header('Location: /done', true, 303);
}

function upload(): void {
    check_token();
    ['name' => $name, 'size' => $size, 'tmp_name' => $path] = $_FILES['file'];
    say(200, ['note' => $_POST['note'], 'name' => $name, 'size' => $size, 'sha256' => hash_file('sha256', $path)]);
}

function events(): void {
    register_shutdown_function(fn() => log_line('gone'));
    header('Content-Type: text/event-stream');
    header('Cache-Control: no-cache');
    two_pieces("data: one\n\n", "data: two\n\n");
    // PHP hears that its client left when it writes.
    for (;;) {
        usleep(20_000);
        echo ": tick\n\n";
        flush();
    }
}

function stream(): void {
    header('Content-Type: text/plain');
    two_pieces("one\n", "two\n");
}

function note(string $method, string $id): void {
    check_token();
    match ($method) {
        'PUT' => say(200, ['id' => $id, 'text' => $_POST['text'] ?? text_of()]),
        'DELETE' => http_response_code(204),
        default => refuse(404, 'no such page'),
    };
}

$method = $_SERVER['REQUEST_METHOD'];
$target = $_SERVER['REQUEST_URI'];
$path = rawurldecode(strtok($target, '?'));
$host = $_SERVER['HTTP_HOST'];
log_line("$method $target");
// As Laravel, Symfony and others do, in forms and in JSON.
if ($method === 'POST') {
    $sent = str_contains($_SERVER['CONTENT_TYPE'] ?? '', 'json') ? json_decode(file_get_contents('php://input'), true) : $_POST;
    $named = $sent['_method'] ?? 'POST';
    if (is_string($named)) $method = strtoupper($named);
}

match (true) {
    $path === '/' => page(),
    $path === '/done' => done(),
    $path === '/api/notes' && in_array($method, ['GET', 'HEAD']) => say(200, ['notes' => ['bread', 'café']]),
    $path === '/api/notes' && $method === 'POST' => make(),
    preg_match('#^/api/notes/(\w+)$#', $path, $found) === 1 => note($method, $found[1]),
    $path === '/api/form' => form(),
    $path === '/api/upload' => upload(),
    str_starts_with($path, '/api/echo/') => say(200, ['target' => $target, 'host' => $host, 'base' => "http://$host"]),
    $path === '/api/stream' => stream(),
    $path === '/api/events' => events(),
    $path === '/api/absolute' =>
        header("Location: http://{$_SERVER['SERVER_NAME']}:{$_SERVER['SERVER_PORT']}/api/notes?led=1", true, 302),
    $path === '/api/broken' => throw new RuntimeException('broken'),
    default => refuse(404, 'no such page'),
};
