package com.amazonaws.retry.v2;

/** When a call is tried again, and how long it waits before. */
public interface RetryPolicy extends RetryCondition, BackoffStrategy {
}
