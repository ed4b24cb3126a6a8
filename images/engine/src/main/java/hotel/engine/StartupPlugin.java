package hotel.engine;

import hotel.engine.json.JsonObjectSerializer;
import hotel.engine.json.JsonSerializer;
import hotel.engine.json.JsonType;
import java.util.Map;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.operaton.bpm.engine.impl.el.JuelExpressionManager;
import org.operaton.bpm.engine.impl.variable.serializer.JavaObjectSerializer;
import org.springframework.stereotype.Component;

/** Builds the engine under the startup lock, without scripts and Java serialization, and makes its users. */
@Component
class StartupPlugin extends AbstractProcessEnginePlugin {

    private final StartupDatabase database;
    private final Users users;

    StartupPlugin(StartupDatabase database, Users users) {
        this.database = database;
        this.users = users;
    }

    @Override
    public void preInit(ProcessEngineConfigurationImpl configuration) {
        configuration.setScriptFactory(new NoScripts());
        // Expressions see variables, not the beans of this application.
        configuration.setExpressionManager(new JuelExpressionManager(Map.of()));
        configuration.setResourceAuthorizationProvider(new NoOwners());
        database.await();
    }

    @Override
    public void postInit(ProcessEngineConfigurationImpl configuration) {
        configuration.getValueTypeResolver().addType(JsonType.INSTANCE);
        var serializers = configuration.getVariableSerializers();
        serializers.addSerializer(new JsonSerializer());
        serializers.addSerializer(new JsonObjectSerializer());
        serializers.removeSerializer(serializers.getSerializerByName(JavaObjectSerializer.NAME));
        database.lock();
    }

    @Override
    public void postProcessEngineBuild(ProcessEngine engine) {
        users.provide(engine);
        database.unlock();
    }
}
