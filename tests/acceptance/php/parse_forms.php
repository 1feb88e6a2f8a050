<?php
// Reads forms as PHP does: one a line, base64; prints each as a line of JSON.

while (($line = fgets(STDIN)) !== false) {
    parse_str(base64_decode(trim($line)), $tree);
    echo json_encode($tree, JSON_FORCE_OBJECT | JSON_INVALID_UTF8_SUBSTITUTE), "\n";
}
