-- name: answer
-- Proves that the database answers.
SELECT 1;
