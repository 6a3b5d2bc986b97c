package com.amazonaws.opensdk;

public abstract class BaseResult {
    private SdkResponseMetadata sdkResponseMetadata;

    public SdkResponseMetadata sdkResponseMetadata() {
        return sdkResponseMetadata;
    }

    public BaseResult sdkResponseMetadata(SdkResponseMetadata metadata) {
        this.sdkResponseMetadata = metadata;
        return this;
    }
}
