package com.amazonaws.retry.v2;

public interface BackoffStrategy {
    /** Milliseconds. */
    long computeDelayBeforeNextRetry(RetryPolicyContext context);
}
