package hotel.engine.models;

import java.util.Arrays;
import java.util.List;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;

/** Gives an engine the image's checks of models, with all open that a setting can open. */
public final class SuiteModels {

    private SuiteModels() {}

    public static void guard(ProcessEngineConfigurationImpl configuration) {
        var all = Arrays.stream(Opening.values()).map(Opening::word).toList();
        new ModelGuard(new ModelSettings(all, List.of("org.camunda.bpm.*"), List.of()), null).guard(configuration);
    }
}
